"""Industry systems 行业系统: units belong to a region, and to a line of administration (requirement R46).

Hangzhou ties sixteen of them to its territory; the source names four (国资、教育、卫生、城管), the others are ours. A
code that is not listed is taken as it is.
"""

from typing import Final, NamedTuple


class IndustrySystemName(NamedTuple):
    """A code with its names."""

    code: str
    zh: str
    en: str


INDUSTRY_SYSTEMS: Final[dict[str, IndustrySystemName]] = {
    code: IndustrySystemName(code, zh, en)
    for code, zh, en in (
        ("state_assets", "国资", "state-owned assets"),
        ("education", "教育", "education"),
        ("health", "卫生", "health"),
        ("urban_management", "城管", "urban management"),
        ("civil_affairs", "民政", "civil affairs"),
        ("housing", "住建", "housing and construction"),
        ("transport", "交通", "transport"),
        ("public_security", "公安", "public security"),
        ("justice", "司法", "justice"),
        ("human_resources", "人社", "human resources and social security"),
        ("culture", "文旅", "culture and tourism"),
        ("commerce", "商务", "commerce"),
        ("market", "市场监管", "market regulation"),
        ("finance", "金融", "finance"),
        ("science", "科技", "science and technology"),
        ("emergency", "应急", "emergency management"),
    )
}
_BY_NAME: Final = {system.zh: system for system in INDUSTRY_SYSTEMS.values()}


def industry_system(said: str) -> IndustrySystemName:
    """Return the system that a code or a Chinese name means; of a free one, itself."""
    return INDUSTRY_SYSTEMS.get(said) or _BY_NAME.get(said) or IndustrySystemName(said, said, said)


def is_listed(said: str) -> bool:
    """Return whether a code or a name is among the sixteen."""
    return said in INDUSTRY_SYSTEMS or said in _BY_NAME


def spellings(said: str) -> tuple[str, ...]:
    """Return every way in which a system may have been written."""
    system = industry_system(said)
    return (system.code, system.zh) if is_listed(said) else (said,)
