// Asks by a method of the component, at once and then every so often, as long as somebody looks at the page.
export const again = (method, everyMs) => ({
  mounted() {
    this[method]();
    this.again = setInterval(() => document.hidden || this[method](), everyMs);
  },
  beforeUnmount() {
    clearInterval(this.again);
  },
});
