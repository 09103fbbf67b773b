"""Dataset -> Findings: leaks, twins, constants, contexts that fix the target."""

from tabcouce.checks.check import check
from tabcouce.checks.finding import SEVERITIES, Finding, Severity

__all__ = ["SEVERITIES", "Finding", "Severity", "check"]
