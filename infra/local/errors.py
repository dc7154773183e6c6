"""What can go wrong with the embedded stack, said in one sentence."""


class StackError(Exception):
    """A problem the user can act on; its text is the whole message, no trace needed."""
