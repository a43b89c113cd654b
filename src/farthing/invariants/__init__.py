"""What must always be true, as SQL that finds nothing."""

from farthing.invariants.check import Violation, check_all
from farthing.invariants.rules import RULES, Rule

__all__ = ["RULES", "Rule", "Violation", "check_all"]
