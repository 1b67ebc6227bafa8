// The live matches, newest first: filters, pause, keyboard, and a gentle highlight for what is new.
import { speech, words } from "./words.js";

const SHOWN = 100; // rows in the page; the rest is a filter away
const FEW = 10; // where the list does not scroll by itself
const narrow = matchMedia("(max-width: 1179px)");

export default {
  mixins: [speech],
  props: { rows: Array, category: String, categories: Array, busy: Boolean, selected: String },
  emits: ["open", "pick"],
  data: () => ({ words, text: "", held: null, current: null, narrow: narrow.matches, few: FEW }),
  mounted() {
    narrow.addEventListener("change", this.fold);
  },
  beforeUnmount() {
    narrow.removeEventListener("change", this.fold);
  },
  computed: {
    kept() {
      const wanted = this.text.trim().toLowerCase();
      return (this.held ?? this.rows).filter(
        (row) => (!this.category || row.category === this.category) && (!wanted || this.words_of(row).includes(wanted)),
      );
    },
    shown() {
      return this.kept.slice(0, this.narrow ? Math.min(this.few, SHOWN) : SHOWN);
    },
    missed() {
      if (!this.held) return 0;
      const seen = new Set(this.held.map((row) => row.id));
      return this.rows.filter((row) => !seen.has(row.id) && (!this.category || row.category === this.category)).length;
    },
    reachable() {
      return this.shown.some((row) => row.id === this.current) ? this.current : this.shown[0]?.id;
    },
    options() {
      return [...this.categories].sort((a, b) => this.categoryName(a).localeCompare(this.categoryName(b), this.words.language));
    },
  },
  methods: {
    words_of(row) {
      return [
        this.itemName(row.item),
        this.itemName(row.offered),
        this.categoryName(row.category),
        row.place,
        this.providerName(row.provider),
        row.demand,
      ]
        .join(" ")
        .toLowerCase();
    },
    toggle() {
      this.held = this.held ? null : [...this.rows];
    },
    fold() {
      this.narrow = narrow.matches;
    },
    clear() {
      this.text = "";
      if (this.category) this.$emit("pick", "");
    },
    focusSearch() {
      this.$refs.search.focus();
    },
    open(row) {
      this.current = row.id;
      this.$emit("open", row.id);
    },
    /** The row before (-1) or after (+1) the given one, as they are shown. */
    neighbour(id, step) {
      const at = this.shown.findIndex((row) => row.id === id);
      return at < 0 ? undefined : this.shown[at + step]?.id;
    },
    move(event) {
      const last = this.shown.length - 1;
      const at = this.shown.findIndex((row) => row.id === this.reachable);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 10, PageUp: at - 10 }[event.key];
      if (to === undefined || last < 0) return;
      event.preventDefault();
      this.current = this.shown[Math.min(last, Math.max(0, to))].id;
      this.$nextTick(() => this.focusRow(this.current));
    },
    focusRow(id) {
      this.$refs.body?.querySelector(`button[data-row="${id}"]`)?.focus();
    },
  },
  template: `
    <section class="card stream" id="stream" tabindex="-1" aria-labelledby="stream-title">
      <header class="head">
        <h2 id="stream-title">{{ t("stream") }}</h2>
        <span class="aside" role="status">{{ held ? (missed ? t("paused_new", { count: number(missed) }) : t("paused")) : "" }}</span>
        <div class="tools">
          <select data-test="category" :value="category" :aria-label="t('category')" @change="$emit('pick', $event.target.value)">
            <option value="">{{ t("all_categories") }}</option>
            <option v-for="id in options" :key="id" :value="id">{{ categoryName(id) }}</option>
          </select>
          <input ref="search" v-model="text" type="search" data-test="search" :placeholder="t('search')" :aria-label="t('search')"
                 @keydown.esc="text = ''" />
          <button type="button" class="plain" data-test="pause" :aria-pressed="!!held" @click="toggle">
            {{ held ? t("resume") : t("pause") }}
          </button>
        </div>
      </header>
      <div class="scroll" @keydown="move">
        <table role="table" v-if="shown.length">
          <caption class="unseen">{{ t("stream_caption") }}</caption>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col" class="at">{{ t("time") }}</th>
              <th role="columnheader" scope="col">{{ t("item") }}</th>
              <th role="columnheader" scope="col">{{ t("who") }}</th>
              <th role="columnheader" scope="col" class="n">{{ t("waited") }}</th>
              <th role="columnheader" scope="col" class="n">{{ t("value") }}</th>
              <th role="columnheader" scope="col" class="st">{{ t("state") }}</th>
            </tr>
          </thead>
          <tbody role="rowgroup" ref="body">
            <tr role="row" v-for="row in shown" :key="row.id" :class="{ fresh: row.fresh, picked: row.id === selected, over: row.over }" @click="open(row)">
              <td role="cell" class="at">{{ clock(row.at) }}</td>
              <th role="rowheader" scope="row" class="what">
                <button type="button" :data-row="row.id" aria-haspopup="dialog" :tabindex="row.id === reachable ? 0 : -1"
                        @click.stop="open(row)" @focus="current = row.id">{{ itemName(row.item) }}</button>
                <small><b v-if="row.teamed" class="badge">{{ t("teamed") }}</b> {{ categoryName(row.category) }}</small>
              </th>
              <td role="cell" class="who"><span>{{ row.place }}</span><span>→ {{ providerName(row.provider) }}</span></td>
              <td role="cell" class="n waited">{{ duration(row.waited_s, { brief: true }) }}</td>
              <td role="cell" class="n value">{{ number(row.value) }}</td>
              <td role="cell" class="st" :data-state="row.state"><i aria-hidden="true"></i>{{ t(row.state) }}</td>
            </tr>
          </tbody>
        </table>
        <button v-if="narrow && shown.length < Math.min(kept.length, 100)" type="button" class="plain more" @click="few += 20">{{ t("more") }}</button>
        <template v-if="shown.length"></template>
        <p v-else-if="busy" class="quiet">{{ t("loading") }}</p>
        <p v-else-if="rows.length || text || category" class="quiet">
          {{ t("no_rows_filter") }} <button type="button" class="plain" @click="clear">{{ t("clear_filter") }}</button>
        </p>
        <p v-else class="quiet">{{ t("no_rows") }}</p>
      </div>
      <footer class="hint" aria-hidden="true">{{ t("hint") }}</footer>
    </section>`,
};
