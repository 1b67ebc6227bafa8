"""Which of our two languages a reader wants: ``Accept-Language`` (RFC 9110, section 12.5.4)."""

from typing import Literal

Language = Literal["zh", "en"]
DEFAULT: Language = "zh"


def choose(accept: str | None) -> Language:
    """Return the language of the highest weight in an ``Accept-Language`` header; Chinese where none of ours is asked.

    Ties go to the one named first. A weight that is no number counts as 0.
    """
    best: Language = DEFAULT
    highest = 0.0
    for part in (accept or "").split(","):
        name, _, parameters = part.strip().partition(";")
        language = _ours(name)
        weight = _weight(parameters)
        if language and weight > highest:
            best, highest = language, weight
    return best


def _ours(name: str) -> Language | None:
    match name.strip().lower().partition("-")[0]:
        case "zh":
            return "zh"
        case "en":
            return "en"
        case _:
            return None


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
