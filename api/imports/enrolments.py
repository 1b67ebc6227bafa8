"""The columns of enrolments 报到: of units, and of members under their pseudonyms."""

from api.imports.headers import Column, choice
from api.imports.occasions import recurring
from api.imports.words import whole
from schemas.enrolment import EnrolmentKind, MemberClass

_COMMUNITY = Column(
    name="community", zh="社区代码", example="310105001001", hint="12 位区划代码", required=True, aliases=("社区",)
)
UNITS: tuple[Column, ...] = (
    Column(
        name="uscc", zh="统一社会信用代码", example="91310105MA1FW0008T", hint="18 位", required=True, aliases=("代码",)
    ),
    Column(name="branch", zh="分支编号", example="", hint="没有自己代码的分支填 1 至 9999，不填为 0", read=whole),
    Column(
        name="name", zh="单位名称", example="某某科技有限公司党支部", hint="单位全称", required=True, aliases=("名称",)
    ),
    _COMMUNITY,
    Column(name="industry_system", zh="行业系统", example="", hint="可不填；如教育、卫生、国资"),
    Column(name="liaison_name", zh="联络人姓名", example="", hint="可不填；只进身份保险库，不进名单"),
    Column(name="liaison_phone", zh="联络人电话", example="", hint="可不填；只进身份保险库，不进名单"),
)
MEMBERS: tuple[Column, ...] = (
    Column(
        name="member_ref",
        zh="党员编号",
        example="m-7f3a",
        hint="化名编号，不是姓名；不填则须填姓名和电话",
        aliases=("编号",),
    ),
    choice("member_class", "党员类别", MemberClass, example="在职党员", hint="按“五管”分类", required=True),
    choice("kind", "报到方式", EnrolmentKind, example="单位联系", hint="单位联系或居住地，各至多一次", required=True),
    Column(
        name="home_unit",
        zh="所在单位",
        example="91310105MA1FW0008T",
        hint="统一社会信用代码；可不填",
        aliases=("单位",),
    ),
    _COMMUNITY,
    Column(name="skills", zh="技能", example="", hint="服务项目的编号或名称，多个用顿号分开"),
    Column(name="qualifications", zh="资质", example="", hint="资质代码，多个用顿号分开"),
    Column(
        name="availability",
        zh="可服务时间",
        example="",
        hint="可不填；首次起止和重复规则（RFC 5545），多个用 | 分开，"
        "如 2030-06-01 09:00/2030-06-01 12:00 FREQ=WEEKLY;BYDAY=SA",
        read=recurring,
    ),
    Column(name="contact_name", zh="姓名", example="", hint="可不填；只进身份保险库，不进名单"),
    Column(name="contact_phone", zh="电话", example="", hint="可不填；只进身份保险库，不进名单"),
)
