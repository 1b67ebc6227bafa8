// Where the JSON behind the page lies: the API sits beside the console, under the same prefix.
const root = () => (window.path_prefix ?? "").replace(/\/console$/, "");

export const api = (path) => `${root()}/v1/${path}`;
export const docs = () => `${root()}/docs`;
