// A chart by the ECharts that comes with NiceGUI, in the page's colours: for components that have a place for it
// (ref="chart") and a method that draws.
import { words } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

export const colour = (name) => getComputedStyle(document.querySelector(".cb")).getPropertyValue(name).trim();

export const charted = {
  data: () => ({ words }),
  watch: {
    "words.language": "draw",
  },
  async mounted() {
    const { echarts } = await import("nicegui-echart");
    if (!this.$refs.chart) return; // left before the library came
    this.chart = echarts.init(this.$refs.chart, null, { renderer: "svg" });
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(this.$refs.chart);
    dark.addEventListener("change", this.draw);
    this.draw();
  },
  beforeUnmount() {
    dark.removeEventListener("change", this.draw);
    this.observer?.disconnect();
    this.chart?.dispose();
  },
};
