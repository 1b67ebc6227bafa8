"""The columns of projects 项目: what a proposal says. What became of it since is in the export alone."""

from api.imports.headers import Column, moment
from api.imports.plans import budget, milestones
from api.imports.words import whole

PROJECTS: tuple[Column, ...] = (
    Column(name="id", zh="编号", example="", hint="可不填；不填时由内容得出，同一行导入两次也只算一个项目"),
    Column(
        name="title",
        zh="项目名称",
        example="长者午餐桌",
        hint="不要写姓名、电话",
        required=True,
        aliases=("标题", "名称"),
    ),
    Column(
        name="community", zh="社区代码", example="310105001001", hint="12 位区划代码", required=True, aliases=("社区",)
    ),
    Column(
        name="lead",
        zh="牵头方",
        example="310105001001",
        hint="单位填统一社会信用代码，社区填 12 位区划代码，街道填 office: 加代码",
        required=True,
    ),
    Column(name="partners", zh="参与方", example="91310105MA1FW0008T", hint="可不填；同牵头方，多个用顿号分开"),
    Column(name="demands", zh="需求编号", example="", hint="可不填；须在需求清单上，多个用顿号分开", aliases=("需求",)),
    Column(
        name="resources", zh="资源编号", example="", hint="可不填；须在资源清单上，多个用顿号分开", aliases=("资源",)
    ),
    Column(
        name="assignments",
        zh="匹配编号",
        example="",
        hint="可不填；本系统匹配出来的才有，从别处导入时请清空，多个用顿号分开",
        aliases=("匹配",),
    ),
    moment("starts_at", "开始时间", example="2030-06-01 09:00", hint="可不填；北京时间"),
    moment("ends_at", "结束时间", example="2030-12-31", hint="可不填；北京时间，只填日期则到当日结束", ends=True),
    Column(name="expected_beneficiaries", zh="预计受益人数", example="30", hint="不填为 0", read=whole),
    Column(
        name="milestones",
        zh="节点",
        example="2030-06-01 18:00 开桌 | 2030-07-01 满月",
        hint="可不填；期限和名称，只填日期则到当日结束，多个用 | 分开",
        read=milestones,
    ),
    Column(
        name="budget",
        zh="预算明细",
        example="",
        hint="可不填；资金的资源编号、金额（分）、名称 / 专款用途，多行用 | 分开，"
        "如 r-20261101-0001 300000 餐具 / 只用于助餐",
        read=budget,
    ),
    Column(name="by", zh="提出方", example="office:310105001000", hint="可不填；谁提出的，不填为牵头方"),
    Column(name="detail", zh="说明", example="", hint="可不填；不要写姓名、电话", aliases=("备注", "详情")),
)
