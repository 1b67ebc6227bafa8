// The lists as files, narrowed to the region, and the sheets to fill in for an import.
import { api } from "./links.js";
import { speech } from "./words.js";

export const LISTS = ["demands", "resources", "projects", "units", "members"];
const FORMS = ["xlsx", "csv"];

export default {
  mixins: [speech],
  props: { region: String },
  data: () => ({ LISTS, FORMS }),
  methods: {
    list(kind, form) {
      return api(`exports/${kind}.${form}${this.region ? `?region=${this.region}` : ""}`);
    },
    template: (kind, form) => api(`imports/templates/${kind}.${form}`),
  },
  template: `
    <section aria-labelledby="files-title" data-test="files">
      <h3 id="files-title">{{ t("files") }}</h3>
      <table class="grid">
        <thead><tr><th scope="col">{{ t("list") }}</th><th scope="col">{{ t("export") }}</th><th scope="col">{{ t("sheet_to_fill") }}</th></tr></thead>
        <tbody><tr v-for="kind in LISTS" :key="kind" :data-list="kind"><th scope="row">{{ t("list_" + kind) }}</th>
          <td><a v-for="form in FORMS" :key="form" :href="list(kind, form)" download :aria-label="t('export_of', { list: t('list_' + kind), form: form.toUpperCase() })">{{ form.toUpperCase() }}</a></td>
          <td><a v-for="form in FORMS" :key="form" :href="template(kind, form)" download :aria-label="t('sheet_of', { list: t('list_' + kind), form: form.toUpperCase() })">{{ form.toUpperCase() }}</a></td></tr></tbody>
      </table>
      <p class="note">{{ t("files_note") }}</p>
    </section>`,
};
