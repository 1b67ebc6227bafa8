// What is late in a region, kind by kind, and how long the lives of one kind stay in each of their states.
import { speech, words } from "./words.js";

export default {
  mixins: [speech],
  props: { tables: Array, stages: Array, late: Array, now: String },
  emits: ["turn"],
  data: () => ({ words, kind: "" }),
  computed: {
    /** Kinds that have been somewhere here, in the order of their tables. */
    kinds() {
      const seen = new Set(this.stages.map((stage) => stage.kind));
      return this.tables.filter((table) => seen.has(table.kind));
    },
    chosen() {
      return this.kinds.find((table) => table.kind === this.kind) ?? this.kinds[0];
    },
    rows() {
      return this.chosen.states
        .map((state) => ({ ...this.stages.find((stage) => stage.kind === this.chosen.kind && stage.state === state.name), name: state }))
        .filter((stage) => stage.state);
    },
    longest() {
      return Math.max(1, ...this.rows.map((stage) => stage.mean_stay_s ?? 0));
    },
    mostLate() {
      return Math.max(1, ...this.late.map((row) => row.overdue ?? 0));
    },
  },
  methods: {
    kindName(kind) {
      return this.tables.find((table) => table.kind === kind)?.messages[words.language] ?? kind;
    },
    few(count) {
      return count == null ? this.t("under_five") : this.number(count);
    },
    since(time) {
      return this.duration((Date.parse(this.now) - Date.parse(time)) / 1000, { brief: true });
    },
  },
  template: `
    <div class="halves">
      <section aria-labelledby="late-title" data-test="late-kinds"><h3 id="late-title">{{ t("late_by_kind") }}</h3>
        <p v-if="!late.length" class="quiet-inline">{{ t("late_none") }}</p>
        <ul class="stages"><li v-for="row in late" :key="row.kind">
          <button type="button" class="link" :data-late="row.kind" @click="$emit('turn', row.kind)">{{ kindName(row.kind) }}</button>
          <span class="track" aria-hidden="true"><i :style="{ width: (100 * (row.overdue ?? 0)) / mostLate + '%' }"></i></span>
          <span><b>{{ few(row.overdue) }}</b><small v-if="row.oldest"> · {{ t("late_oldest", { time: since(row.oldest) }) }}</small></span></li></ul></section>
      <section aria-labelledby="stays-title" data-test="stays">
        <h3 id="stays-title">{{ t("stages") }}</h3>
        <p v-if="!chosen" class="quiet-inline">{{ t("affairs_none") }}</p>
        <template v-else>
          <select :value="chosen.kind" :aria-label="t('kinds')" data-test="stays-kind" @change="kind = $event.target.value">
            <option v-for="table in kinds" :key="table.kind" :value="table.kind">{{ table.messages[words.language] }}</option></select>
          <ul class="stages"><li v-for="stage in rows" :key="stage.state" :data-stage="stage.state"><span>{{ stage.name.messages[words.language] }}</span>
            <span class="track" aria-hidden="true"><i :style="{ width: (100 * (stage.mean_stay_s ?? 0)) / longest + '%' }"></i></span>
            <span>{{ duration(stage.mean_stay_s) }}<small> · {{ t("stand_here", { count: few(stage.here) }) }}</small></span></li></ul>
        </template></section>
    </div>`,
};
