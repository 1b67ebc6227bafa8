// The scarcity board: what one more seat would add, by item and time or street; as a heat map and as a table.
import { again } from "./again.js";
import { charted, colour } from "./chart.js";
import { speech } from "./words.js";
import Units from "./units.js";

const ITEMS = 14; // rows of the map that a screen holds
const STRETCH_MS = 4 * 3600 * 1000;
const AGAIN_MS = 30000;
const TABLE = 40;

const narrow = matchMedia("(max-width: 640px)");

export default {
  mixins: [speech, charted, again("ask", AGAIN_MS)],
  components: { Units },
  props: { prices: Object, units: Object, region: String },
  emits: ["ask", "units"],
  data: () => ({ by: "time", shown: TABLE, open: "" }),
  computed: {
    rows() {
      return this.prices?.rows ?? [];
    },
    columns() {
      const most = narrow.matches ? 4 : 8;
      if (this.by === "time") {
        const starts = [...new Set(this.rows.map((row) => row.at))].sort((a, b) => a - b).slice(0, most);
        return starts.map((at) => ({ key: at, name: this.stretch(at) }));
      }
      const streets = new Map();
      for (const row of this.rows) if (!streets.has(row.street)) streets.set(row.street, row.place); // the dearest first
      return [...streets].slice(0, most).map(([key, name]) => ({ key, name }));
    },
    items() {
      return [...new Set(this.cells.map((cell) => cell.item))].slice(0, ITEMS);
    },
    /** The dearest class of each item and column. */
    cells() {
      const places = new Map(this.columns.map((column, place) => [column.key, place]));
      const dearest = new Map();
      for (const row of this.rows) {
        const column = places.get(this.by === "time" ? row.at : row.street);
        const key = `${row.item} ${column}`;
        if (column !== undefined && !dearest.has(key)) dearest.set(key, { item: row.item, column, highest: row.highest });
      }
      return [...dearest.values()];
    },
    said() {
      const first = this.rows[0];
      return first ? this.t("prices_say", { item: this.itemName(first.item), place: first.place, points: this.number(first.highest) }) : "";
    },
  },
  watch: {
    cells: "draw",
  },
  methods: {
    ask() {
      this.$emit("ask");
    },
    stretch(at) {
      const [from, to] = [at, at + STRETCH_MS].map((end) => this.minute(end).replace(/:00$/, ""));
      return `${this.day(at)} ${from}–${to}`;
    },
    key(row) {
      return `${row.item} ${row.street} ${row.at}`;
    },
    toggle(row) {
      this.open = this.open === this.key(row) ? "" : this.key(row);
      if (this.open) this.$emit("units", { item: row.item, street: row.street });
    },
    askers(row) {
      return this.units?.item === row.item && this.units.street === row.street ? this.units : null;
    },
    draw() {
      if (!this.chart) return;
      const ink = colour("--ink");
      const most = Math.max(1, ...this.cells.map((cell) => cell.highest));
      const rank = new Map(this.items.map((item, place) => [item, this.items.length - 1 - place]));
      const data = this.cells
        .filter((cell) => rank.has(cell.item))
        .map((cell) => ({
          value: [cell.column, rank.get(cell.item), cell.highest],
          label: { color: cell.highest > 0.55 * most ? colour("--on-accent") : ink },
        }));
      const text = { color: colour("--muted"), fontSize: 12, hideOverlap: false, interval: 0 };
      const line = { axisLine: { show: false }, axisTick: { show: false }, splitArea: { show: false } };
      this.chart.setOption({
        animation: false,
        grid: { left: 4, right: 4, top: 4, bottom: 4, containLabel: true },
        visualMap: { show: false, min: 0, max: most, inRange: { color: [colour("--hover"), colour("--accent")] } },
        xAxis: {
          type: "category",
          position: "top",
          data: this.columns.map((column) => column.name.replace(" ", "\n")),
          axisLabel: { ...text, width: 84, overflow: "break" },
          ...line,
        },
        yAxis: {
          type: "category",
          data: [...this.items].reverse().map(this.itemName),
          axisLabel: { ...text, color: ink, width: narrow.matches ? 84 : 190, overflow: "truncate" },
          ...line,
        },
        series: [
          {
            type: "heatmap",
            data,
            label: { show: true, fontSize: 12, formatter: ({ value }) => this.number(value[2]) },
            itemStyle: { borderColor: colour("--surface"), borderWidth: 2, borderRadius: 4 },
            emphasis: { disabled: true },
          },
        ],
      }, { replaceMerge: ["series"] });
    },
  },
  template: `
    <section class="card prices" aria-labelledby="prices-page-title" data-test="prices">
      <header class="head">
        <h2 id="prices-page-title">{{ t("scarcity") }}</h2><span class="aside">{{ t("scarcity_note") }}</span>
        <div class="switch small" role="group" :aria-label="t('columns')">
          <button type="button" data-test="by-time" :aria-pressed="by === 'time'" @click="by = 'time'">{{ t("by_time") }}</button>
          <button type="button" data-test="by-street" :aria-pressed="by === 'street'" @click="by = 'street'">{{ t("by_street") }}</button>
        </div>
      </header>
      <p v-if="!prices" class="quiet">{{ t("loading") }}</p>
      <p v-else-if="prices.failed" class="quiet">{{ t("explainer_busy") }}</p>
      <p v-else-if="prices.too_wide" class="quiet">{{ t("too_wide", { count: number(prices.too_wide) }) }}</p>
      <p v-else-if="!rows.length" class="quiet">{{ t("nothing_scarce") }}</p>
      <div v-show="rows.length" class="map">
        <div ref="chart" class="heat" role="img" :aria-label="said" :style="{ height: 56 + 34 * items.length + 'px' }"></div>
      </div>
      <div v-if="rows.length" class="dear">
        <table>
          <caption class="unseen">{{ t("scarcity") }}</caption>
          <thead><tr>
            <th scope="col">{{ t("item") }}</th><th scope="col">{{ t("where_when") }}</th>
            <th scope="col" class="n">{{ t("highest") }}</th><th scope="col" class="n">{{ t("mean") }}</th>
            <th scope="col" class="n">{{ t("unserved") }}</th>
          </tr></thead>
          <tbody v-for="row in rows.slice(0, shown)" :key="key(row)">
            <tr :data-price="key(row)">
              <th scope="row"><button type="button" :aria-expanded="open === key(row)" @click="toggle(row)">{{ itemName(row.item) }}</button></th>
              <td>{{ row.place || row.street }} <small>{{ stretch(row.at) }}</small></td>
              <td class="n"><b>{{ number(row.highest) }}</b></td><td class="n">{{ number(row.mean) }}</td>
              <td class="n">{{ row.unserved == null ? t("under_five") : number(row.unserved) }}</td>
            </tr>
            <tr v-if="open === key(row)"><td colspan="5"><Units :answer="askers(row)" /></td></tr>
          </tbody>
        </table>
        <button v-if="rows.length > shown" type="button" class="plain more" @click="shown += 40">{{ t("more") }}</button>
      </div>
      <p v-if="prices?.at" class="quiet-inline stamp">{{ t("as_of", { time: moment(prices.at) }) }} · {{ t("scarcity_how") }}<template v-if="prices.left_out"> {{ t("left_out", { count: number(prices.left_out) }) }}</template></p>
    </section>`,
};
