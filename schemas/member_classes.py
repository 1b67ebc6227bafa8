"""The five classes of members and the way each is managed: 直管、双管、接管、参管、重管.

The ways are those of the source (requirement R22). What each of them means for enrolment is our reading of it; the
Party organisation a member belongs to stays what it is in all five.
"""

from typing import Final, NamedTuple

from schemas.enrolment import EnrolmentKind, MemberClass

_RESIDENCE: Final = frozenset({EnrolmentKind.RESIDENCE})
_BOTH: Final = frozenset(EnrolmentKind)


class ClassRules(NamedTuple):
    """What holds for members of one class.

    ``managed_by`` names who manages them; ``reported`` is what their home unit is told of.
    """

    zh: str
    way: str
    en: str
    managed_by: tuple[str, ...]
    kinds: frozenset[EnrolmentKind]
    needs_home_unit: bool
    reported: tuple[str, ...]


CLASS_RULES: Final[dict[MemberClass, ClassRules]] = {
    MemberClass.RESIDENT: ClassRules("居民党员", "直管", "managed directly", ("community",), _RESIDENCE, False, ()),
    MemberClass.IN_SERVICE: ClassRules(
        "在职党员",
        "双管",
        "managed by two",
        ("home_unit", "community"),
        _BOTH,
        True,
        ("enrolment", "service", "evaluation"),
    ),
    MemberClass.RETIRED: ClassRules(
        "离退休党员", "接管", "taken over", ("community",), _RESIDENCE, False, ("enrolment",)
    ),
    MemberClass.MOBILE: ClassRules(
        "流动党员", "参管", "managed with", ("home_unit", "community"), _BOTH, False, ("enrolment",)
    ),
    MemberClass.LAID_OFF: ClassRules(
        "下岗企业党员", "重管", "looked after first", ("community",), _RESIDENCE, False, ()
    ),
}


def may_enrol(member_class: MemberClass, kind: EnrolmentKind) -> bool:
    """Return whether members of a class may report in this way: who has no unit cannot by unit link."""
    return kind in CLASS_RULES[member_class].kinds
