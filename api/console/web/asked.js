// A form from a JSON Schema: what a step asks to be told, field by field, groups within groups.
import { speech, words } from "./words.js";

/** What a schema says once references are followed and "or nothing" is taken off. */
export function plain(schema, root) {
  if (schema.$ref) return plain(root.$defs[schema.$ref.split("/").pop()], root);
  const some = schema.anyOf?.filter((each) => each.type !== "null");
  return some?.length === 1 ? { ...plain(some[0], root), optional: true } : schema;
}

/** An empty answer to a schema: nothing said yet, but for the fields of a group. */
export function nothing(schema, root) {
  const said = plain(schema, root);
  if (said.type === "object") return Object.fromEntries(Object.keys(said.properties ?? {}).map((name) => [name, nothing(said.properties[name], root)]));
  if (said.type === "array") return [];
  return said.type === "boolean" ? said.default === true : "";
}

/** What was filled in, as the API wants it; what was left blank is left out. */
export function told(value, schema, root) {
  const said = plain(schema, root);
  if (said.type === "object") {
    const fields = Object.entries(said.properties ?? {}).map(([name, part]) => [name, told(value[name], part, root)]);
    const kept = fields.filter(([name, part]) => part !== undefined || said.required?.includes(name));
    return kept.length ? Object.fromEntries(kept) : undefined;
  }
  if (said.type === "array") {
    const list = value.map((each) => told(each, said.items, root)).filter((each) => each !== undefined);
    return list.length ? list : undefined;
  }
  if (value === "" || (said.type === "boolean" && value === said.default)) return undefined;
  if (said.type === "integer" || said.type === "number") return Number(value);
  return said.format === "date-time" ? new Date(value).toISOString() : value;
}

/** Which list of parties may be meant by a text: what its pattern takes says so. */
const LISTS = [["party-any", "^(unit:"], ["party-unit", "^unit:"], ["party-member", "^member:"], ["party-community", "^[1-9][0-9]{11}$"]];

export default {
  name: "Asked",
  mixins: [speech],
  props: { schema: Object, root: Object, value: [Object, Array, String, Number, Boolean], name: String, required: Boolean },
  emits: ["said"],
  data: () => ({ words }),
  computed: {
    said() {
      return plain(this.schema, this.root);
    },
    /** The fields of a group; what it is called comes first. */
    fields() {
      const { title, ...others } = this.said.properties ?? {};
      return title ? { title, ...others } : others;
    },
    label() {
      const key = `field_${this.name}`;
      return this.t(key) === key ? this.name.replaceAll("_", " ") : this.t(key);
    },
    list() {
      const found = LISTS.find(([, beginning]) => this.said.pattern?.startsWith(beginning))?.[0];
      return this.name === "by" && found ? "party-by" : found;
    },
    long() {
      return (this.said.maxLength ?? 0) > 200;
    },
  },
  methods: {
    part(name, value) {
      this.$emit("said", { ...this.value, [name]: value });
    },
    at(place, value) {
      this.$emit("said", this.value.map((each, i) => (i === place ? value : each)));
    },
    more() {
      this.$emit("said", [...this.value, nothing(this.said.items, this.root)]);
    },
    less(place) {
      this.$emit("said", this.value.filter((_, i) => i !== place));
    },
    option(value) {
      const key = `word_${value}`;
      return this.t(key) === key ? String(value).replaceAll("_", " ") : this.t(key);
    },
  },
  template: `
    <fieldset v-if="said.type === 'object'" class="asked">
      <legend v-if="name">{{ label }}</legend>
      <Asked v-for="(part, field) in fields" :key="field" :schema="part" :root="root" :name="field" :value="value[field]"
             :required="!!said.required?.includes(field)" @said="(now) => this.part(field, now)" />
    </fieldset>
    <fieldset v-else-if="said.type === 'array'" class="asked">
      <legend>{{ label }}</legend>
      <div v-for="(each, place) in value" :key="place" class="asked-one">
        <Asked :schema="said.items" :root="root" name="" :value="each" :required="true" @said="(now) => at(place, now)" />
        <button type="button" class="link less" :aria-label="t('less_of', { name: label })" @click="less(place)">✕</button>
      </div>
      <button type="button" class="link" :data-more="name" @click="more">{{ t("more_of", { name: label }) }}</button>
    </fieldset>
    <label v-else-if="said.type === 'boolean'" class="tick">
      <input type="checkbox" :checked="value" :name="name" @change="$emit('said', $event.target.checked)"> <span>{{ label }}</span></label>
    <label v-else>{{ label }}<small v-if="!required"> {{ t("may_be_left_out") }}</small>
      <select v-if="said.enum" :value="value" :name="name" :required="required" @change="$emit('said', $event.target.value)">
        <option value="">{{ t("choose") }}</option>
        <option v-for="one in said.enum" :key="one" :value="one">{{ option(one) }}</option>
      </select>
      <textarea v-else-if="long" rows="3" :value="value" :name="name" :required="required" :maxlength="said.maxLength" @input="$emit('said', $event.target.value)"></textarea>
      <input v-else :type="said.format === 'date-time' ? 'datetime-local' : said.type === 'string' ? 'text' : 'number'" :value="value" :name="name"
             :required="required" :maxlength="said.maxLength" :min="said.minimum" :max="said.maximum"
             :placeholder="said.examples?.[0] ?? ''" :list="list" autocomplete="off" @input="$emit('said', $event.target.value)">
    </label>`,
};
