/** Is there a GPU, and is it one? */
import * as E from 'fp-ts/lib/Either.js';
import { type AdapterInfo, currentWebGpu, installWebGpu, loadNodeWebGpu } from './webgpu.js';

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** WebGPU's adapter; loads Dawn in Node. Left says why there is none. */
export const findAdapter = async (): Promise<E.Either<string, AdapterInfo>> => {
  try {
    if (currentWebGpu() === undefined && isNode) installWebGpu(await loadNodeWebGpu());
    const adapter = await currentWebGpu()?.requestAdapter();
    if (adapter === undefined) return E.left('this platform has no WebGPU');
    if (adapter === null) return E.left('WebGPU finds no adapter (no GPU, or no driver for it)');
    return E.right(adapter.info ?? {});
  } catch (error) {
    return E.left(reasonOf(error));
  }
};

/** For people. */
export const describeAdapter = ({ vendor, architecture, device, description }: AdapterInfo): string =>
  `WebGPU on ${[vendor, architecture, description || device].filter((part) => part !== undefined && part !== '').join(' ')}`;

/** Does a name belong to a renderer that runs on the CPU? */
export const isSoftwareRenderer = (name: string): boolean =>
  /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(name);

/** Does the adapter run on the CPU? */
export const isSoftwareAdapter = (info: AdapterInfo): boolean =>
  info.isFallbackAdapter === true ||
  isSoftwareRenderer(`${info.architecture ?? ''} ${info.device ?? ''} ${info.description ?? ''}`);

/** The name of WebGL 2's renderer; undefined where there is no WebGL 2. */
export const webGl2Renderer = (): string | undefined => {
  if (typeof OffscreenCanvas === 'undefined') return undefined;
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (context === null) return undefined;
  const extension = context.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return String(name);
};
