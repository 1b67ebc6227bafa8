// The lines of a demand in the posting form: what, how many, and whether all or none. Changes the form it is given.
import { speech, words } from "./words.js";

export const MOST_LINES = 20; // as the API takes

export const blank = () => ({ item: "", quantity: 1, siblings: true, together: false });

/** Whether all lines go together: one line is no bundle. */
export const isBundle = ({ lines, bundle }) => bundle && lines.length > 1;

/** The lines as the API wants them; what the form does not offer right now does not count. */
export const linesOf = (form) =>
  form.lines.map((line) => ({ ...line, together: line.together && line.quantity > 1 && !isBundle(form) }));

export default {
  mixins: [speech],
  props: { form: Object },
  data: () => ({ words, most: MOST_LINES }),
  computed: {
    groups() {
      const groups = Object.keys(words.names.categories).map((id) => ({ id, items: [] }));
      const of = new Map(groups.map((group) => [group.id, group]));
      for (const id of Object.keys(words.names.items)) of.get(id.split(".")[0])?.items.push(id);
      return groups.filter((group) => group.items.length);
    },
    several() {
      return this.form.lines.length > 1;
    },
    bundled() {
      return isBundle(this.form);
    },
  },
  methods: {
    async add() {
      this.form.lines.push(blank());
      await this.$nextTick();
      this.$el.querySelector("fieldset:last-of-type select").focus();
    },
    async drop(place) {
      this.form.lines.splice(place, 1);
      await this.$nextTick();
      this.$el.querySelector("fieldset select").focus();
    },
  },
  template: `
    <div class="asking">
      <fieldset v-for="(line, place) in form.lines" :key="place" :class="{ several, bundled }" data-test="post-line">
        <legend :class="{ unseen: !several }">{{ t("line_no", { line: number(place + 1) }) }}</legend>
        <button v-if="several" type="button" class="link less" data-test="post-less" @click="drop(place)"
                :aria-label="t('line_less', { line: number(place + 1) })">✕</button>
        <div class="what-many">
          <label>{{ t("item") }}
            <select v-model="line.item" required data-test="post-item">
              <option value="" disabled>{{ t("choose") }}</option>
              <optgroup v-for="group in groups" :key="group.id" :label="categoryName(group.id)">
                <option v-for="item in group.items" :key="item" :value="item">{{ itemName(item) }}</option>
              </optgroup>
            </select></label>
          <label>{{ t("seats") }}<input v-model.number="line.quantity" type="number" min="1" max="50" required data-test="post-quantity"></label>
        </div>
        <label class="tick"><input v-model="line.siblings" type="checkbox"> {{ t("siblings_do") }}</label>
        <label v-if="line.quantity > 1 && !bundled" class="tick">
          <input v-model="line.together" type="checkbox" data-test="post-together">
          <span>{{ t("together") }}<small>{{ t("together_say") }}</small></span></label>
      </fieldset>
      <label v-if="several" class="tick bundle">
        <input v-model="form.bundle" type="checkbox" data-test="post-bundle">
        <span>{{ t("bundle") }}<small>{{ t("bundle_say") }}</small></span></label>
      <button v-if="form.lines.length < most" type="button" class="link more-lines" data-test="post-more" @click="add">{{ t("line_more") }}</button>
    </div>`,
};
