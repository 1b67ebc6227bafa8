"""The columns of the lists and of enrolments: headers in Chinese and English, what their cells hold, an example."""

from typing import Literal

from api.imports.enrolments import MEMBERS, UNITS
from api.imports.headers import Column, choice, flag, moment
from api.imports.occasions import recurring, windows
from api.imports.projects import PROJECTS
from api.imports.words import bundle_name, several, whole
from schemas.demands import Beneficiary, Channel, Fitness, Urgency
from schemas.resources import AccessMode, DeliveryMode, ResourceKind

ListKind = Literal["resources", "demands", "projects", "units", "members"]
TITLES: dict[ListKind, str] = {
    "resources": "资源清单",
    "demands": "需求清单",
    "projects": "项目清单",
    "units": "单位报到",
    "members": "党员报到",
}

_ID = Column(
    name="id", zh="编号", example="", hint="可不填；不填时由内容得出，同一行导入两次也只算一条", aliases=("序列号",)
)
_TITLE = Column(name="title", zh="标题", example="", hint="不要写姓名、电话", required=True, aliases=("名称", "内容"))
_DETAIL = Column(name="detail", zh="说明", example="", hint="可不填；不要写姓名、电话", aliases=("备注", "详情"))
_ITEM = Column(
    name="item", zh="服务项目", example="", hint="见“服务项目”页：填编号或名称", required=True, aliases=("项目",)
)

_RECURRING = Column(
    name="recurring",
    zh="重复时间",
    example="",
    hint="可不填；首次起止和重复规则（RFC 5545），多个用 | 分开，"
    "如 2030-06-01 09:00/2030-06-01 12:00 FREQ=WEEKLY;BYDAY=SA",
    read=recurring,
)

DEMANDS: tuple[Column, ...] = (
    _ID,
    _TITLE,
    _ITEM,
    Column(name="quantity", zh="数量", example="6", hint="1 至 1000，不填为 1", read=whole, aliases=("人数",)),
    Column(
        name="community", zh="社区代码", example="310105001001", hint="12 位区划代码", required=True, aliases=("社区",)
    ),
    Column(name="grid", zh="网格", example="G03", hint="可不填，如 G03-02"),
    moment("start", "开始时间", example="2030-06-01 09:00", hint="北京时间", required=True),
    moment(
        "end", "结束时间", example="2030-06-01 12:00", hint="北京时间；只填日期则到当日结束", required=True, ends=True
    ),
    Column(name="duration_minutes", zh="时长（分钟）", example="30", hint="不填为 60", read=whole, aliases=("时长",)),
    moment("deadline", "截止时间", example="", hint="可不填；到时未配上的名额失效", ends=True),
    choice("urgency", "紧急程度", Urgency, example="普通", hint="不填为普通"),
    choice("channel", "来源渠道", Channel, example="网格", hint="不填为线上", aliases=("渠道",)),
    choice("beneficiary", "受益对象", Beneficiary, example="老年人", hint="不填为一般群众"),
    flag("micro_wish", "微心愿", example="否", hint="不填为否"),
    flag("risky", "有风险", example="否", hint="有风险的工作需要保险"),
    Column(
        name="needs",
        zh="对服务者的要求",
        example="",
        hint="可不填；成年、能负重、能登高、能久站、能值夜，多个用顿号分开",
        read=lambda text: several(Fitness, text),
    ),
    Column(name="cost_cap", zh="费用上限", example="", hint="每个名额最多多少元；0 为只要免费，不填为不限", read=whole),
    flag("siblings", "可用同类项目", example="是", hint="同类别的其他项目是否也可以，不填为是"),
    flag("together", "组团", example="否", hint="本行的名额全部凑齐、同时开始，缺一个就都不配；不填为否"),
    Column(
        name="bundle",
        zh="组合需求",
        example="",
        hint="同一条组合需求的各行填同一个名称，如 A：各项的名额全部凑齐、同时开始，缺一个就都不配。"
        "第二行起只需填服务项目和数量，其余留空",
        read=bundle_name,
        aliases=("组合",),
    ),
    Column(
        name="joined",
        zh="多项需求",
        example="",
        hint="同一条需求有多项、各项分别匹配的，各行填同一个名称，如 B。第二行起只需填服务项目和数量，其余留空",
        read=bundle_name,
    ),
    _RECURRING,
    Column(name="requester", zh="需求方", example="", hint="不填为该社区；单位填统一社会信用代码", aliases=("发布方",)),
    _DETAIL,
)
OF_A_LINE = frozenset({"item", "quantity", "siblings", "together"})
"""Columns that each row of a bundle fills for itself; the others are of the demand as a whole."""
RESOURCES: tuple[Column, ...] = (
    _ID,
    _TITLE,
    _ITEM,
    choice("kind", "资源类型", ResourceKind, example="人才", hint="不填为人才", aliases=("类型",)),
    Column(name="capacity", zh="容量", example="1", hint="可同时服务几处，不填为 1", read=whole, aliases=("数量",)),
    Column(
        name="provider",
        zh="提供方",
        example="91310105MA1FW0008T",
        hint="单位填统一社会信用代码；党员填 member: 加化名编号",
        required=True,
    ),
    Column(
        name="home",
        zh="所在社区代码",
        example="310105001001",
        hint="12 位区划代码",
        required=True,
        aliases=("社区代码",),
    ),
    Column(
        name="scope", zh="服务范围", example="本区", hint="本社区、本街道、本区、本市、本省，或区划代码；不填为本区"
    ),
    moment("start", "开始时间", example="2030-06-01 08:00", hint="北京时间；起止都不填为随时"),
    moment("end", "结束时间", example="2030-06-01 18:00", hint="北京时间；只填日期则到当日结束", ends=True),
    Column(
        name="windows",
        zh="更多时段",
        example="",
        hint="可不填；起止之外的其他时段，如 2030-06-08 08:00/2030-06-08 18:00，多个用 | 分开",
        read=windows,
    ),
    _RECURRING,
    choice("access", "使用方式", AccessMode, example="免费", hint="不填为免费"),
    choice("delivery", "服务方式", DeliveryMode, example="互助", hint="可不填"),
    Column(
        name="notice_minutes", zh="提前通知（分钟）", example="60", hint="不填为 0", read=whole, aliases=("提前通知",)
    ),
    Column(name="qualifications", zh="资质", example="", hint="资质代码，多个用顿号分开"),
    Column(
        name="serves",
        zh="服务对象",
        example="",
        hint="不填为所有人；如老年人、儿童，多个用顿号分开",
        read=lambda text: several(Beneficiary, text),
    ),
    Column(
        name="fitness",
        zh="年龄与体能",
        example="",
        hint="服务者自报：成年、能负重、能登高、能久站、能值夜，多个用顿号分开",
        read=lambda text: several(Fitness, text),
    ),
    Column(name="fee", zh="费用", example="", hint="仅付费的填，每个名额多少元", read=whole),
    Column(
        name="admits",
        zh="准入名单",
        example="",
        hint="不填为不限；本社区、本街道等或区划代码、统一社会信用代码，多个用顿号分开",
    ),
    flag("renewable", "可重复使用", example="是", hint="物资、资金用完为止，填否"),
    flag("per_occasion", "按场次占用", example="否", hint="填是则名额只在服务时段内占用，其余时段可另约"),
    flag("auto_accept", "自动接受", example="否", hint="填是则匹配后不再询问"),
    moment("valid_from", "生效时间", example="", hint="可不填"),
    moment("valid_to", "失效时间", example="", hint="可不填", ends=True),
    _DETAIL,
)
COLUMNS: dict[ListKind, tuple[Column, ...]] = {
    "resources": RESOURCES,
    "demands": DEMANDS,
    "projects": PROJECTS,
    "units": UNITS,
    "members": MEMBERS,
}
