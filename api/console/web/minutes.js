// Matches per minute over the last half hour.
import { charted, colour } from "./chart.js";
import { speech } from "./words.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

export default {
  mixins: [speech, charted],
  props: { minutes: Array },
  computed: {
    total() {
      return this.minutes.reduce((sum, point) => sum + point.matches, 0);
    },
    said() {
      const most = Math.max(0, ...this.minutes.map((point) => point.matches));
      return this.t("per_minute_say", { total: this.number(this.total), most: this.number(most) });
    },
  },
  watch: {
    minutes: "draw",
  },
  methods: {
    draw() {
      const label = { color: colour("--muted"), fontSize: 11 };
      this.chart?.setOption({
        animation: !still.matches,
        animationDurationUpdate: 300,
        grid: { left: 4, right: 16, top: 10, bottom: 0, containLabel: true },
        tooltip: {
          trigger: "axis",
          axisPointer: { type: "shadow", shadowStyle: { color: colour("--hover") } },
          backgroundColor: colour("--surface"),
          borderColor: colour("--line"),
          textStyle: { color: colour("--ink"), fontSize: 12 },
          formatter: ([point]) => `${point.name} · ${this.number(point.value)} ${this.t("matches")}`,
        },
        xAxis: {
          type: "category",
          data: this.minutes.map((point) => this.minute(point.at)),
          axisLine: { lineStyle: { color: colour("--line") } },
          axisTick: { show: false },
          axisLabel: { ...label, interval: (i) => i % 10 === 9 },
        },
        yAxis: {
          type: "value",
          minInterval: 1,
          splitNumber: 2,
          splitLine: { lineStyle: { color: colour("--line") } },
          axisLabel: label,
        },
        series: [
          {
            type: "bar",
            barCategoryGap: "35%",
            data: this.minutes.map((point, i) => ({
              value: point.matches,
              itemStyle: { color: colour(i === this.minutes.length - 1 ? "--accent" : "--bar") },
            })),
            itemStyle: { borderRadius: [2, 2, 0, 0] },
          },
        ],
      });
    },
  },
  template: `
    <section class="card minutes" aria-labelledby="minutes-title">
      <header class="head">
        <h2 id="minutes-title">{{ t("per_minute") }}</h2><span class="aside">{{ t("per_minute_note") }}</span>
      </header>
      <div ref="chart" class="chart" role="img" :aria-label="said"></div>
    </section>`,
};
