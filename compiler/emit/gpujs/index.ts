/** Programs as gpu.js kernels. */
export { emitKernel } from './kernel.js';
export { emitKernels, type GpujsPlan, planProgram, type StagePlan } from './plan.js';
export { type EmitError, type EmittedKernel, type GpujsMode, gpujsModes } from './types.js';
