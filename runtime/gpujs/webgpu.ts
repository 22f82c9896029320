/** The boundary to WebGPU, the browser's or Dawn's for Node: the parts that we use. All casts for it are in this file. */

/** What WebGPU tells about an adapter. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** WebGPU's entry point. */
export interface NativeWebGpu {
  readonly requestAdapter: () => Promise<{ readonly info?: AdapterInfo } | null>;
}

// TypeScript's library for Node has no `navigator.gpu`, and the browser's has no `navigator` that may be absent
const scope = globalThis as unknown as { navigator?: { gpu?: NativeWebGpu } };

/** WebGPU, where the platform has it already. */
export const currentWebGpu = (): NativeWebGpu | undefined => scope.navigator?.gpu;

/** Puts WebGPU where gpu.js looks for it: `navigator.gpu`. Node 20 has no `navigator`. */
export const installWebGpu = (webGpu: NativeWebGpu): void => {
  const property = (value: unknown) => ({ value, configurable: true, enumerable: true });
  if (scope.navigator === undefined) Object.defineProperty(globalThis, 'navigator', property({ gpu: webGpu }));
  else Object.defineProperty(scope.navigator, 'gpu', property(webGpu));
};

/**
 * Throws where Linux lacks Vulkan's loader, through which alone Dawn reaches GPUs there: Dawn would print a warning of
 * its own. Node refuses the loader, since it is no Node module, but only once it has found it.
 */
const requireVulkan = (): void => {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!reason.includes('did not self-register'))
      throw new Error(`no way to a GPU without a driver for Vulkan: ${reason}`);
  }
};

/** Loads Dawn's WebGPU for Node; throws where it has no build for the platform, or no way to a GPU. */
export const loadNodeWebGpu = async (): Promise<NativeWebGpu> => {
  if (process.platform === 'linux') requireVulkan();
  const { create } = await import('webgpu');
  return create([]);
};
