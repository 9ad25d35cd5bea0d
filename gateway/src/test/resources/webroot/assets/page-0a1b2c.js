export const of = "tests";
