import { resolve } from 'node:path';

const compose = resolve(import.meta.dirname, '../../../..');

/** Starts one of the main classes on the class path that `make run` uses. */
export const launcher = resolve(compose, 'src/main/scripts/java');
export const demoModel = resolve(compose, '../worker/demo-model');
export const modelFile = resolve(demoModel, 'millrace-demo-f16.gguf');
/** What a failure leaves behind: pictures of the page, and what the processes wrote to standard error. */
export const traces = resolve(compose, 'target/browser');
export const screenshots = resolve(compose, 'target/screenshots');
