// What is open already and may say the same, with what speaks for it; whether two are one is for a person to say.
import { speech, words } from "./words.js";

export default {
  mixins: [speech],
  props: { found: Array, merges: Boolean },
  emits: ["open", "merge"],
  data: () => ({ words }),
  methods: {
    time: (text) => Date.parse(text),
  },
  template: `
    <section v-if="found.length" class="twins" aria-live="polite" data-test="twins">
      <h4>{{ t("twins") }}</h4>
      <ul><li v-for="each in found" :key="each.id" :data-twin="each.id">
        <button v-if="each.listed && !merges" type="button" class="link" @click="$emit('open', each.id)">{{ each.title }}</button>
        <b v-else>{{ each.title }}</b>
        <span class="quiet-inline">{{ each.place }} · {{ moment(time(each.since)) }}</span>
        <span class="quiet-inline">{{ each.messages[words.language] }}</span>
        <button v-if="merges" type="button" class="plain" data-test="merge" @click="$emit('merge', each.need)">{{ t("merge_into") }}</button></li></ul>
      <p class="quiet-inline">{{ t(merges ? "twins_merge" : "twins_post") }}</p>
    </section>`,
};
