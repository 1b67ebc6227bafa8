// Seats filled and open, by child region (a click goes down) or by category (a click filters the stream).
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { regions: Array, categories: Array, category: String },
  emits: ["go", "pick"],
  data: () => ({ by: "region" }),
  computed: {
    shown() {
      return this.by === "region" && this.regions.length ? "region" : "category";
    },
    bars() {
      const rows =
        this.shown === "region"
          ? this.regions.map((row) => ({ ...row, id: row.code }))
          : this.categories.map((row) => ({ ...row, id: row.category, name: this.categoryName(row.category) }));
      return rows.sort((a, b) => b.open + b.filled - (a.open + a.filled) || a.id.localeCompare(b.id));
    },
    most() {
      return Math.max(1, ...this.bars.map((row) => row.open + row.filled));
    },
  },
  methods: {
    width(seats) {
      return { width: `${(100 * seats) / this.most}%` };
    },
    choose(row) {
      if (this.shown === "region") this.$emit("go", row.code);
      else this.$emit("pick", row.category === this.category ? "" : row.category);
    },
  },
  template: `
    <section class="card bars" aria-labelledby="bars-title">
      <header class="head">
        <h2 id="bars-title">{{ t("seats") }}</h2>
        <span class="legend" aria-hidden="true"><i class="key filled"></i>{{ t("filled") }}<i class="key open"></i>{{ t("open") }}</span>
        <div v-if="regions.length" class="switch small" role="group">
          <button type="button" data-test="by-region" :aria-pressed="shown === 'region'" @click="by = 'region'">{{ t("by_region") }}</button>
          <button type="button" data-test="by-category" :aria-pressed="shown === 'category'" @click="by = 'category'">{{ t("by_category") }}</button>
        </div>
      </header>
      <p v-if="!bars.length" class="quiet">{{ t("nothing_here") }}</p>
      <ul v-else class="scroll" tabindex="-1">
        <li v-for="row in bars" :key="row.id">
          <button type="button" class="bar" :data-code="row.id" @click="choose(row)"
                  :aria-pressed="shown === 'category' ? row.id === category : undefined"
                  :aria-label="t('bar_say', { name: row.name, filled: number(row.filled), open: number(row.open) })">
            <span class="name" :title="row.name">{{ row.name }}</span>
            <span class="track"><i class="filled" :style="width(row.filled)"></i><i class="open" :style="width(row.open)"></i></span>
            <span class="count"><b v-if="row.open">{{ number(row.open) }}</b><span v-else>0</span><small> / {{ number(row.open + row.filled) }}</small></span>
          </button>
        </li>
      </ul>
    </section>`,
};
