/** Targets: places where compiled programs run. */
export { allHold, type Certificate, type Law, laws } from './check/certificate.js';
export type { CheckedCurvature } from './check/laws.js';
export { type CheckError, type CheckOptions, checkModel } from './check/model.js';
export { chooseTarget, showTargetChoice, type TargetChoice } from './choose.js';
export { gpujsTarget } from './gpujs/target.js';
export { interpreterTarget } from './interpreter.js';
export { type Milliseconds, profileKernels, profileStages } from './profile.js';
export { deviceSources, kernelSources, type SourceLanguage, sourceLanguages } from './sources.js';
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
