"""What goes wrong in a test that is not the test's own assertion: each says what happened and what to do about it."""


class Refused(AssertionError):
    """The sandbox refused what the test asked of it."""


class LeadsToStripe(AssertionError):
    """A request was about to leave for the real Stripe."""


class NotDelivered(AssertionError):
    """A webhook did not arrive, or its receiver did not take it."""


class WorkFailed(AssertionError):
    """A job of Farthing's failed: a hook of yours raised, say."""
