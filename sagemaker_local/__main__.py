"""`python -m sagemaker_local`: start, stop and look after the local endpoint."""

import sys

from sagemaker_local.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
