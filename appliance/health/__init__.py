"""How the box is while it teaches: each fault with its mend, in the reader's language."""

from appliance.health.findings import Finding, Mark
from appliance.health.lesson import lesson_findings
from appliance.health.machine import Machine, machine_findings
from appliance.health.wording import mend_of, name_of, text_of

__all__ = [
    "Finding",
    "Machine",
    "Mark",
    "lesson_findings",
    "machine_findings",
    "mend_of",
    "name_of",
    "text_of",
]
