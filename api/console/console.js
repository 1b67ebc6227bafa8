export { default } from "cobuild-console";
