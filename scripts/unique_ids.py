"""That each id occurs once, in 8 bytes a row."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from dataset_schema import DataRefused, Schema, hash_ids, repeated
from raw_rows import Rows
from typed_rows import ids as ids_of


class UniqueIds:
    """The hashes of all ids so far."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._hashes: list[npt.NDArray[np.uint64]] = []

    def add(self, ids: pa.Array) -> npt.NDArray[np.uint64]:
        """Keep the hashes of some ids, and return them."""
        self._hashes.append(hash_ids(ids))
        return self._hashes[-1]

    def __len__(self) -> int:
        return sum(map(len, self._hashes))

    def check(self, again: Callable[[], Iterable[Rows]]) -> None:
        """Refuse the first id that occurs twice.

        Args:
            again: reads the same rows once more; it is called only when two hashes are the same.

        Raises:
            DataRefused: with the id and both of its places.
        """
        suspects = repeated(self._hashes)
        if not len(suspects):
            return
        # Two ids may share a hash: only the ids themselves tell.
        places: dict[str, str] = {}
        for rows in again():
            ids = ids_of(rows, self.schema)
            for index in np.flatnonzero(np.isin(hash_ids(ids), suspects)):
                name, place = ids[int(index)].as_py(), f"{rows.file!r} row {rows.first + int(index)}"
                if name in places:
                    raise DataRefused(
                        f"Id {name!r} occurs twice, in {places[name]} and in {place}: each row needs its own."
                    )
                places[name] = place
