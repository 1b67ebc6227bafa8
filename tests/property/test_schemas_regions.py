"""Laws of region codes."""

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.regions import Level, Regions, covers, level_of, pad, parent, parse_place, prefix_of

CHINA = Regions.builtin("cn")
LISTED = [region.code for region in CHINA.children("3101", level=Level.COMMUNITY)]

communities = st.from_regex(r"[1-9][0-9]{8}[0-9]{2}[1-9]", fullmatch=True)
levels = st.sampled_from(list(Level))
prefixes = st.builds(lambda code, level: code[:level], communities, levels)


@given(communities, levels)
def test_a_community_lies_in_each_of_its_prefixes(code: str, level: Level) -> None:
    prefix = prefix_of(code, level)
    assert len(prefix) == level
    assert covers(prefix, code)


@given(prefixes)
def test_padding_is_undone_by_taking_the_prefix(prefix: str) -> None:
    assert level_of(prefix) == len(prefix)
    assert len(pad(prefix)) == 12
    assert prefix.startswith(prefix_of(pad(prefix)))
    assume(not prefix.endswith("00"))  # a part of zeros alone says: nothing at this level
    assert prefix_of(pad(prefix)) == prefix


@given(prefixes)
def test_parents_lead_up_to_the_province(prefix: str) -> None:
    seen = [prefix]
    while (above := parent(seen[-1])) is not None:
        assert covers(above, seen[-1])
        assert not covers(seen[-1], above)
        seen.append(above)
    assert [len(code) for code in reversed(seen)] == [level for level in Level if level <= len(prefix)]


@given(prefixes, prefixes, communities)
def test_regions_cover_like_a_tree(outer: str, inner: str, code: str) -> None:
    assume(not outer.endswith("00") and not inner.endswith("00"))
    if covers(outer, inner) and covers(inner, code):
        assert covers(outer, code)
    if covers(outer, code) and covers(inner, code):
        assert covers(outer, inner) or covers(inner, outer)
    assert (covers(outer, inner) and covers(inner, outer)) == (outer == inner)


@given(communities, st.from_regex(r"G[0-9A-Z]{1,8}(-[0-9A-Z]{1,8}){0,5}", fullmatch=True))
def test_a_place_is_a_community_and_a_grid(code: str, grid: str) -> None:
    assert parse_place(f"{code}-{grid}") == (code, grid)


@given(st.sampled_from(LISTED))
def test_a_listed_community_is_among_the_children_of_its_street(code: str) -> None:
    street = parent(code)
    assert street is not None
    assert (code, CHINA.name(code)) in CHINA.children(street)
    assert (code, CHINA.name(code)) in CHINA.communities(prefix_of(code, Level.DISTRICT))
    assert CHINA.path(code)[-1] == (code, CHINA.name(code))


@given(st.sampled_from(LISTED), st.integers(0, 3), st.integers(1, 4))
def test_search_finds_a_region_by_any_part_of_its_name(code: str, start: int, length: int) -> None:
    fragment = CHINA.name(code)[start : start + length]
    assume(fragment)
    found = CHINA.search(fragment, within=prefix_of(code, Level.STREET), limit=1_000)
    assert code in {region.code for region in found}
    assert all(fragment in region.name for region in found)


@given(communities)
def test_any_well_formed_code_can_be_asked_for(code: str) -> None:
    name = CHINA.name(code)
    assert CHINA.known(code) == (name != code)
    assert CHINA.path(code)[-1].code == code
