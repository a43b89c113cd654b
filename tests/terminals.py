"""A process as a terminal starts it."""

import signal


def hears_ctrl_c() -> None:
    """For `preexec_fn`: whoever is started in the background, as test runs may be, has inherited to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
