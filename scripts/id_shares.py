"""A place between 0 and 1 for each id, by its hash and a seed: how rows are assigned and picked."""

import numpy as np
import numpy.typing as npt


def shares(hashes: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.float64]:
    """Spread hashes evenly over 0 to 1, another way for each seed (by the steps of splitmix64)."""
    mixed = hashes + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
