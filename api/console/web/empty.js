// What to do while there is nothing to see.
import { speech } from "./words.js";
import { api, docs } from "./links.js";

export default {
  mixins: [speech],
  data: () => ({ docs: docs(), post: `POST ${location.origin}${api("demands")}` }),
  template: `
    <section class="card empty" data-test="empty">
      <span class="seal" aria-hidden="true">共</span>
      <h2>{{ t("empty_title") }}</h2>
      <p>{{ t("empty_body") }}</p>
      <pre><code>make demo</code></pre>
      <pre><code>{{ post }}</code></pre>
      <p><a :href="docs">{{ t("empty_docs") }}</a></p>
    </section>`,
};
