"""Every text of the console, in Chinese and English, in one table.

``{name}`` is filled in by the page. Names of regions, items and categories come from their own lists.
"""

from typing import NamedTuple


class Text(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


TEXTS: dict[str, Text] = {
    # frame
    "product": Text("共建 Cobuild", "Cobuild 共建"),
    "title": Text("共建 Cobuild · 运行总览", "Cobuild · Overview"),
    "overview": Text("{region}运行总览", "Overview of {region}"),
    "skip": Text("跳到实时匹配", "Skip to live matches"),
    "language": Text("语言", "Language"),
    "live": Text("实时", "Live"),
    "lost": Text("连接中断，正在重试…", "Connection lost, trying again…"),
    "lost_detail": Text("数据停留在 {time}，恢复后自动更新。", "Figures are as of {time} and catch up by themselves."),
    "loading": Text("正在读取…", "Loading…"),
    "as_of": Text("更新于 {time}", "As of {time}"),
    "failed": Text("暂时读不到数据，正在重试…", "The figures cannot be read right now; trying again…"),
    # regions
    "regions": Text("区划", "Region"),
    "everywhere": Text("全部区划", "All regions"),
    "below": Text("下级区划", "Go to"),
    # figures
    "figures": Text("关键数字", "Key figures"),
    "open_demands": Text("待办需求", "Open demands"),
    "open_demands_note": Text("可用资源 {resources}", "{resources} resources on offer"),
    "open_seats": Text("待配名额", "Open seats"),
    "open_seats_note": Text("单位 {units} · 党员 {members}", "{units} units · {members} members"),
    "under_five": Text("不足 5", "under 5"),
    "fill_rate": Text("满足率", "Fill rate"),
    "fill_rate_note": Text("已配 {filled} / {asked}", "{filled} of {asked} seats"),
    "live_assignments": Text("进行中的匹配", "Live assignments"),
    "live_assignments_note": Text("已完成 {fulfilled}", "{fulfilled} fulfilled"),
    "rounds_per_minute": Text("每分钟轮次", "Rounds per minute"),
    "rounds_note": Text("近一分钟匹配 {matches}", "{matches} matches in the last minute"),
    "median_wait": Text("等待中位数", "Median wait"),
    "median_wait_note": Text("从发布到匹配", "from posting to match"),
    # charts
    "per_minute": Text("每分钟匹配数", "Matches per minute"),
    "per_minute_note": Text("近 30 分钟", "last 30 min"),
    "per_minute_say": Text(
        "近 30 分钟共 {total} 个匹配，最多一分钟 {most} 个", "{total} matches in 30 min, at most {most} in one"
    ),
    "matches": Text("匹配", "matches"),
    "by_region": Text("按区划", "By region"),
    "by_category": Text("按类别", "By category"),
    "seats": Text("名额", "Seats"),
    "filled": Text("已配", "filled"),
    "open": Text("待配", "open"),
    "bar_say": Text("{name}：已配 {filled}，待配 {open}", "{name}: {filled} filled, {open} open"),
    "nothing_here": Text("这里还没有需求", "No demands here yet"),
    # stream
    "stream": Text("实时匹配", "Live matches"),
    "stream_caption": Text(
        "实时匹配，最新的在最前。上下方向键移动，回车查看缘由。",
        "Live matches, newest first. Arrow keys move, Enter shows why.",
    ),
    "all_categories": Text("全部类别", "All categories"),
    "category": Text("类别", "Category"),
    "search": Text("搜索项目、社区、单位", "Search item, place, provider"),
    "pause": Text("暂停", "Pause"),
    "resume": Text("继续", "Resume"),
    "paused_new": Text("已暂停 · {count} 条新匹配", "Paused · {count} new"),
    "paused": Text("已暂停", "Paused"),
    "time": Text("时间", "Time"),
    "item": Text("服务项目", "Service"),
    "who": Text("社区 → 提供方", "Community → provider"),
    "waited": Text("等待", "Waited"),
    "value": Text("价值", "Value"),
    "state": Text("状态", "State"),
    "no_rows": Text(
        "还没有匹配。资源与需求到齐后，一秒内就会出现。",
        "No match yet. They appear within a second of supply meeting demand.",
    ),
    "no_rows_filter": Text("没有符合筛选条件的匹配", "No match fits the filter"),
    "more": Text("更多", "More"),
    "clear_filter": Text("清除筛选", "Clear filter"),
    "hint": Text("↑ ↓ 移动 · 回车 看缘由 · / 搜索 · P 暂停", "↑ ↓ move · Enter why · / search · P pause"),
    "member": Text("党员 {ref}", "Member {ref}"),
    "team": Text("团队 {ref}", "Team {ref}"),
    "unit": Text("单位 {ref}", "Unit {ref}"),
    "system": Text("系统 {ref}", "System {ref}"),
    "proposed": Text("待答复", "Proposed"),
    "accepted": Text("已接受", "Accepted"),
    "confirmed": Text("已确认", "Confirmed"),
    "fulfilled": Text("已完成", "Fulfilled"),
    "declined": Text("已婉拒", "Declined"),
    "expired": Text("已过期", "Expired"),
    "revoked": Text("已撤销", "Revoked"),
    # waiting
    "waiting": Text("等待最久", "Waiting longest"),
    "waiting_note": Text("点开看为何未配", "open one to see why"),
    "none_waiting": Text("没有等待中的需求", "Nobody is waiting"),
    "seats_open": Text("缺 {count}", "{count} open"),
    "normal": Text("一般", "Normal"),
    "urgent": Text("紧急", "Urgent"),
    "whistle": Text("吹哨", "Whistle"),
    "emergency": Text("应急", "Emergency"),
    # pages
    "pages": Text("页面", "Pages"),
    "page_overview": Text("总览", "Overview"),
    # scarcity
    "scarcity": Text("稀缺价", "Scarcity"),
    "scarcity_note": Text("再多一个席位，本轮能多得几分", "what one more seat would add to the round"),
    "scarcity_how": Text(
        "按现在就决定一轮计算；每 30 秒更新。", "As if a round were decided now; brought up to date every 30 s."
    ),
    "left_out": Text("另有 {count} 类价格更低，未列出。", "{count} more that are less dear are not listed."),
    "prices_say": Text(
        "最稀缺：{place}的{item}，再多一个席位值 {points} 分",
        "Scarcest: {item} in {place}; one more seat is worth {points} points",
    ),
    "columns": Text("列", "Columns"),
    "by_time": Text("按时段", "By time"),
    "by_street": Text("按街道", "By street"),
    "too_wide": Text(
        "这里有 {count} 个片区，一次看不完；请选择下级区划。",
        "{count} shards are too many at a time; go to a smaller region.",
    ),
    "nothing_scarce": Text("没有稀缺：每个待配名额都有人能接。", "Nothing is scarce: every open seat has somebody."),
    "where_when": Text("何处何时", "Where and when"),
    "highest": Text("最高", "Highest"),
    "mean": Text("平均", "Mean"),
    "unserved": Text("本轮配不上", "Left open"),
    "whom_to_ask": Text("可以先联系这些单位：", "Units to phone first:"),
    "no_units": Text("区内还没有单位提供这项服务。", "No unit of the district offers this yet."),
    "not_listed": Text("目前未上架", "not on the list now"),
    # for who wants to help
    "helper": Text("这项资源能帮谁", "Whom this could help"),
    "helper_link": Text("还能帮谁？", "Whom else could it help?"),
    "helper_full": Text("席位已满。", "It has no seat left."),
    "helper_more": Text("席位已满；再添一个席位，可以帮到：", "It has no seat left; one more could serve:"),
    "helper_none": Text(
        "还有 {seats} 个席位，目前没有合适的需求。", "{seats} seats left, and no open demand for them."
    ),
    "helper_sum": Text(
        "还有 {seats} 个席位，可服务 {demands} 条需求；现在就决定一轮，会用上 {given} 个，总价值多 {adds} 分。",
        "{seats} seats left, {demands} demands to serve; a round now would use {given} and be worth {adds} more.",
    ),
    "adds_say": Text("{points} 分", "{points} points"),
    "adds_how": Text(
        "分数是这里多一个席位给全局多带来的价值；别人也能做到的为 0。",
        "Points are what a seat here adds for all; nothing where others do as well.",
    ),
    "only_you": Text("只有这份资源能帮", "nobody else can"),
    "given_now": Text("本轮会配上", "given now"),
    "not_open": Text("这一条已经结束，不再参与匹配。", "This one has ended and is matched no more."),
    "claim": Text("认领", "Claim"),
    "claim_back": Text("撤回", "Take it back"),
    "claims": Text("认领", "Claims"),
    "claim_by_provider": Text("提供方认领", "claimed by the provider"),
    "claim_by_requester": Text("需求方认领", "claimed by the requester"),
    "pick": Text("自己挑一份资源", "Pick a resource by hand"),
    "pick_none": Text("同类资源都没有空席位。", "No resource of the category has a seat left."),
    "link_demands": Text("能帮的需求", "Demands it could serve"),
    # before a no
    "if_declined": Text("如果婉拒", "If it were declined"),
    "ask_decline": Text("看看会怎样", "See what would happen"),
    "decline_refilled": Text("需求仍能配上。", "The demand would still be served."),
    "decline_open": Text("这个名额会空着。", "The seat would stay open."),
    "decline_loss": Text(
        "本匹配值 {worth} 分，调整之后共少 {loss} 分。", "Worth {worth} points; {loss} would be lost."
    ),
    "decline_no_moves": Text("其他匹配都不受影响。", "Nobody else would move."),
    "decline_ends": Text("还会一并结束 {count} 个匹配。", "{count} other assignments would end with it."),
    "decline_free": Text("婉拒不扣分，这一对不会再提。", "A no costs nothing, and the pair is never proposed again."),
    "nobody": Text("无人", "nobody"),
    "about": Text("池子很大或有组团，结果为近似。", "The pool is large or holds teams: this is close, not exact."),
    # posting
    "post": Text("发布需求", "Post a demand"),
    "choose": Text("请选择", "Choose"),
    "place": Text("地点", "Place"),
    "place_within": Text("其中", "Within it"),
    "from": Text("从", "From"),
    "until": Text("到", "Until"),
    "minutes": Text("时长（分钟）", "Minutes"),
    "urgency": Text("紧急程度", "Urgency"),
    "siblings_do": Text("同类项目也可以", "others of the category would do"),
    "line_no": Text("第 {line} 项", "Line {line}"),
    "line_more": Text("再加一项", "Add a line"),
    "line_less": Text("删去第 {line} 项", "Remove line {line}"),
    "and": Text("、", ", "),
    "together": Text("组团", "As a team"),
    "together_say": Text("名额全部凑齐、同时开始，缺一个就都不配。", "Every seat at one start, or none at all."),
    "bundle": Text("组合需求", "Bundle"),
    "bundle_say": Text(
        "各项的名额全部凑齐、同时开始，缺一个就都不配，例如一个场地加三个人。",
        "Every seat of every line at one start, or none at all: a venue and three people, say.",
    ),
    "title_of": Text("标题", "Title"),
    "token": Text("写入令牌", "Token for writing"),
    "odds": Text("现在发布会怎样", "If it were posted now"),
    "odds_when": Text("选好项目、地点和时间，这里就会显示。", "Shown here once service, place and time are chosen."),
    "earliest": Text("最早 {time}", "earliest {time}"),
    "price_of_it": Text("其他需求因此共少得 {points} 分。", "Others give up {points} points for it."),
    "posted_as": Text("已发布：{id}", "Posted: {id}"),
    # teams
    "teamed": Text("组团", "team"),
    "team_of": Text(
        "组团：{seats} 个名额全部凑齐、同时开始，或都不配", "Team: all {seats} seats at one start, or none"
    ),
    "bundle_of": Text(
        "组合需求：{lines} 项共 {seats} 个名额，全部凑齐、同时开始，或都不配",
        "Bundle: all {seats} seats of {lines} lines at one start, or none",
    ),
    # empty
    "empty_title": Text("还没有数据", "Nothing here yet"),
    "empty_body": Text(
        "先让一个示范区跑起来，或发布第一条需求：", "Let a demonstration district run, or post the first demand:"
    ),
    "empty_docs": Text("接口文档", "API documentation"),
    # why
    "why": Text("为何这样匹配", "Why this match"),
    "why_not": Text("为何尚未匹配", "Why not matched yet"),
    "close": Text("关闭", "Close"),
    "newer": Text("上一条", "Newer"),
    "older": Text("下一条", "Older"),
    "demand": Text("需求", "Demand"),
    "resource": Text("资源", "Resource"),
    "gone": Text("列表中已没有这一条", "no longer on the list"),
    "posted": Text("发布于 {time}", "Posted {time}"),
    "line_seat": Text("第 {line} 项第 {seat} 个名额", "Line {line}, seat {seat}"),
    "seat": Text("第 {seat} 个席位", "Seat {seat}"),
    "sibling": Text("以同类项目“{item}”代替", "A sibling stands in: {item}"),
    "window": Text("服务时间", "When"),
    "value_parts": Text("价值由这些部分相加", "What the value is made of"),
    "sum": Text("合计", "Sum"),
    "points": Text("分", "points"),
    "term_service": Text("服务本身", "Service"),
    "term_urgency": Text("紧急程度", "Urgency"),
    "term_waiting": Text("已等时间", "Waiting"),
    "term_nearness": Text("就近", "Nearness"),
    "term_fit": Text("对口", "Fit"),
    "term_claim": Text("认领", "Claimed"),
    "say_claim": Text("一方亲手选中了另一方", "one side picked the other by hand"),
    "term_regret": Text("此前落选", "Outbid before"),
    "term_load": Text("近来承接较多", "Much on its hands"),
    "say_regret": Text("自落选之时起，每满一小时加分", "grows with every hour since it was outbid"),
    "say_load": Text("提供方手上和近期的匹配越多，扣分越多", "less the more the provider holds or did of late"),
    "say_service": Text("满足一个名额的基本价值", "the base worth of serving a seat"),
    "say_urgency": Text("需求越急分越高", "the more pressing, the higher"),
    "say_waiting": Text("等得越久分越高", "grows with every hour waited"),
    "say_nearness": Text("提供方离得越近分越高", "the nearer the provider, the higher"),
    "say_fit": Text("正是所需的项目", "exactly the item asked for"),
    "say_fit_sibling": Text("以同类项目代替", "a sibling stands in"),
    "margin_say": Text(
        "按本轮价格，领先次优选择 {points} 分。", "{points} points ahead of the next best at this round's prices."
    ),
    "margin_tie": Text("按本轮价格，与次优选择相当。", "Level with the next best at this round's prices."),
    "prices": Text("本轮价格", "Prices of the round"),
    "price_line": Text("这项需求再加一个名额值", "One more seat for this demand is worth"),
    "price_resource": Text("这份资源再加一个席位值", "One more seat of this resource is worth"),
    "price_sum": Text(
        "两个价格之和等于匹配价值：谁也找不到更好的安排。",
        "The two prices add up to the value: no better arrangement exists.",
    ),
    "price_no_sum": Text("两个价格之和为 {sum}", "The two prices add up to {sum}"),
    "round": Text("第 {no} 轮", "Round {no}"),
    "round_at": Text("{time} 决定", "Decided {time}"),
    "proved": Text("已证明最优", "Proved optimal"),
    "not_proved": Text("未证明最优", "Not proved optimal"),
    "proof": Text("总价值 {value} = 价格之和 {prices}", "total value {value} = sum of prices {prices}"),
    "proof_bad": Text(
        "总价值 {value}，价格之和 {prices}，差 {gap}", "total value {value}, sum of prices {prices}, gap {gap}"
    ),
    "fairness_cost": Text(
        "公平项让出 {cost} 分：不计公平项，本轮所配值 {value}，最多可得 {best}。",
        "Fairness gave up {cost} points: without its terms this round is worth {value}, the best there was {best}.",
    ),
    "part_proved": Text("组团相关部分为最优", "Best possible where teams are"),
    "part_best_known": Text("组团相关部分为已知最好", "Best known where teams are"),
    "part_say": Text(
        "得 {value} 分，至多 {bound} 分；其余部分：", "{value} points of {bound} at most; everything else:"
    ),
    "round_size": Text(
        "{pairs} 对可行组合 · {lines} 项需求 · {resources} 份资源",
        "{pairs} possible pairs · {lines} lines · {resources} resources",
    ),
    "cause_interval": Text("按间隔", "by interval"),
    "cause_whistle": Text("因吹哨", "by a whistle"),
    "cause_alarm": Text("因到时", "by the clock"),
    "history": Text("经过", "History"),
    "step_proposed": Text("提出匹配", "Proposed"),
    "step_confirmed": Text("确认", "Confirmed"),
    "step_fulfilled": Text("完成", "Fulfilled"),
    "step_declined": Text("因婉拒撤销，双方重新入池", "Off: declined; both sides back in the pool"),
    "step_expired": Text("无人答复，过期", "Expired: nobody answered"),
    "step_revoked": Text("撤销，双方重新入池", "Off; both sides back in the pool"),
    "step_answer_accepted": Text("提供方接受", "Provider accepted"),
    "step_answer_declined": Text("婉拒", "Declined by a party"),
    "step_answer_done": Text("报告完成", "Reported done"),
    "step_answer_no_show": Text("报告未到场", "Reported no-show"),
    "links": Text("数据", "Data"),
    "link_assignment": Text("匹配", "Assignment"),
    "link_why": Text("缘由", "Why"),
    "link_round": Text("轮次", "Round"),
    "not_found": Text("没有找到这一条", "There is no such entry"),
    # between shards
    "way": Text("四级联动", "Escalation"),
    "way_escalated": Text("{seats} 个名额升级到{to}", "{seats} escalated to {to}"),
    "way_asked": Text("请{to}预留一份资源", "{to} asked to hold a resource"),
    "way_returned": Text("{from}退回，{to}继续寻找", "{from} gave it back; {to} looks on"),
    "way_sent_home": Text("{from}没有找到，回到{to}", "{from} found nobody; back in {to}"),
    "waited_there": Text("在{place}等了 {time}", "{time} in {place}"),
    "up_time": Text("等待已到时限", "waited long enough"),
    "up_price": Text("价格差距过大，或无人能接", "outbid by too much, or nobody can"),
    "up_whistle": Text("吹哨无人应", "nobody answered the whistle"),
    # why not
    "asked_filled": Text("已配 {filled} / {asked}", "{filled} of {asked} filled"),
    "verdict_matched": Text("已配齐", "Matched"),
    "verdict_outbid": Text("资源被更需要的需求占用", "Outbid by a more pressing demand"),
    "verdict_no_candidate": Text("没有可用的资源", "No resource would do"),
    "verdict_incomplete": Text("同一时间凑不齐", "Not all seats can be had at once"),
    "verdict_met": Text("组团已开展服务", "The team has met"),
    "at_best": Text("同一时间最多 {count} 个名额", "{count} seats at most at one time"),
    "verdict_lapsed": Text("已过期", "Lapsed"),
    "verdict_withdrawn": Text("已撤回", "Withdrawn"),
    "verdict_next_round": Text("下一轮即可匹配", "Next round will match it"),
    "verdict_elsewhere": Text("已升级，那里的下一轮会匹配", "Escalated; the next round there will try"),
    "verdict_asked": Text("已请别处预留资源，下一轮答复", "A resource elsewhere was asked for; its next round answers"),
    "away_waiting": Text("{seats} 个名额在{level}等待，已 {time}", "{seats} waiting with {level} for {time}"),
    "away_asked": Text(
        "{seats} 个名额由{level}寻找，已请{shard}预留资源（已 {time}）",
        "{seats} with {level} for {time}; {shard} was asked to hold a resource",
    ),
    "considered": Text(
        "考察了同类资源 {count} 份，首先不符合的规则：",
        "{count} resources of the category; the rule each failed first:",
    ),
    "considered_none": Text("区内没有同类资源。", "There is no resource of this category."),
    "considered_none_there": Text(
        "那里还没有哪个区向外提供这一类资源。", "No district there offers one of this category to others yet."
    ),
    "eligible": Text("完全符合 {count} 份", "{count} pass every rule"),
    "short_by": Text("还差 {points} 分", "short by {points} points"),
    "scarce_class": Text(
        "稀缺的是：{place}的{item}，{time}，共 {count} 份资源。",
        "What is scarce: {item} in {place}, {time}; {count} resources.",
    ),
    "scarce_item": Text("稀缺的是：{item}，共 {count} 份资源。", "What is scarce: {item}; {count} resources."),
    "scarce_few": Text("稀缺的是：{item}，资源不足 5 份。", "What is scarce: {item}; fewer than five resources."),
    "short_say": Text(
        "这项需求最多值 {best} 分，而可用资源现价 {price} 分。",
        "The line is worth {best} at best; the cheapest resource goes at {price}.",
    ),
    "as_of_round": Text("截至第 {no} 轮 · {time}", "As of round {no} · {time}"),
    "rule_item": Text("项目不同且不可代替", "another item, no stand-in allowed"),
    "rule_scope": Text("服务范围不含此地", "does not serve this place"),
    "rule_gate": Text("缺少资质或保险", "lacks a qualification or insurance"),
    "rule_beneficiary": Text("不面向这类对象", "not for this group of people"),
    "rule_fitness": Text("年龄或体能不符要求", "age or fitness not as needed"),
    "rule_cost": Text("费用超出上限", "costs more than the cap"),
    "rule_admission": Text("不在准入名单", "does not admit the requester"),
    "rule_seats": Text("席位已满", "no seat free"),
    "rule_window": Text("时间不合", "times do not meet"),
    "rule_notice": Text("来不及提前通知", "needs longer notice"),
    "rule_barred": Text("此前婉拒或未答复", "declined or did not answer before"),
    "rule_worth": Text("价值不足", "worth nothing here"),
    "remedies": Text("这样改就能配上（已逐一验证）：", "What would win (each tried out):"),
    "policy_say": Text("策略 {name} 第 {version} 版", "policy {name}, version {version}"),
    "explainer_busy": Text(
        "缘由暂时算不出来，请稍后再试。", "The reasons cannot be worked out right now; try again soon."
    ),
}


def table(language: str) -> dict[str, str]:
    """Return the texts of one language, ``zh`` or ``en``."""
    return {key: getattr(text, language) for key, text in TEXTS.items()}
