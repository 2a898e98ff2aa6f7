"""A whole endpoint whose own services only echo: for tests of the gateway, MiniStack and the process around them."""

from __future__ import annotations

import json
import sys

from sagemaker_local.app.asgi import Gateway
from sagemaker_local.app.server import run
from sagemaker_local.cli.main import main
from sagemaker_local.ministack.service import LocalAws
from sagemaker_local.settings import Settings


class EchoApi:
    """Answers every operation with what it was asked."""

    def handle(self, service: str, operation: str, body: bytes) -> tuple[int, bytes]:
        if operation == "Explode":
            raise RuntimeError("boom")
        return 200, json.dumps({"service": service, "operation": operation, "body": json.loads(body or b"{}")}).encode()


def serve(settings: Settings) -> None:
    """Serve until stopped, as the real composition does."""
    aws = LocalAws.start(settings)
    try:
        run(Gateway(EchoApi(), aws, settings), settings)
    finally:
        aws.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], serve))
