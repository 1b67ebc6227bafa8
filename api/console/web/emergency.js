// The band that says where an emergency is in force: here, above here or within; empty in peacetime.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { found: Object },
  emits: ["open", "all"],
  computed: {
    more() {
      return this.found ? this.found.count - this.found.shown.length : 0;
    },
  },
  methods: {
    lasts({ place, since, until }) {
      return this.t(until ? "emergency_until" : "emergency_since", { place, since: this.hour(since), until: this.hour(until) });
    },
    hour(ms) {
      return `${this.day(ms)} ${this.minute(ms)}`;
    },
  },
  template: `
    <section class="emergency" :aria-label="t('emergencies')" aria-live="polite" data-test="emergency">
      <p v-for="each in found?.shown ?? []" :key="each.id" :data-mode="each.id">
        <span aria-hidden="true">⚠</span> <b>{{ t("in_emergency") }}</b>
        <button type="button" aria-haspopup="dialog" @click="$emit('open', 'mode/' + each.id)">{{ lasts(each) }}</button>
        <span v-if="each.reason" class="because">{{ each.reason }}</span>
      </p>
      <p v-if="more"><button type="button" data-test="emergencies-more" @click="$emit('all')">{{ t("emergencies_more", { count: number(more) }) }}</button></p>
    </section>`,
};
