/** Targets: places where compiled programs run. */
export { chooseTarget, type TargetChoice } from './choose.js';
export { gpujsTarget } from './gpujs/target.js';
export { interpreterTarget } from './interpreter.js';
export {
  type DeviceArray,
  type Executable,
  type KernelSource,
  type StageInput,
  type StageResult,
  showTargetError,
  type Target,
  type TargetError,
  type TargetName,
  targetNames,
} from './target.js';
export { type WasmOptions, wasmTarget } from './wasm/index.js';
