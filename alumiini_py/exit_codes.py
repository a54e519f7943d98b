"""What commands say to scripts (the contract, "Command line"); 2, wrong usage, comes from argparse."""

DONE, FAILED, WRONG_USAGE, NOT_FOUND, TIMED_OUT = range(5)
INTERRUPTED = 130
