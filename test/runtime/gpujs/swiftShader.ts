/**
 * WebGPU in Node without a GPU: Dawn on SwiftShader, the driver that Debian's `chromium` package ships. In CI it has to
 * be there; elsewhere the tests that need it are skipped and their title says what is missing.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';

const folder = '/usr/lib/chromium';
const driver = `${folder}/vk_swiftshader_icd.json`;
const loader = `${folder}/libvulkan.so.1`;

/** glibc keeps a library that was opened with this flag, so that Dawn then finds it under its name. */
const RTLD_NODELETE = 0x1000;

/** Loads Vulkan's loader; Node refuses it, since it is no Node module, but it stays in the process. */
const loadVulkan = (): void => {
  try {
    process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes('did not self-register')) throw error;
  }
};

/** Points Vulkan to SwiftShader, before anything opens WebGPU; gives the files that are missing. */
const useSwiftShader = (): readonly string[] => {
  const missing = [driver, loader].filter((file) => !existsSync(file));
  if (missing.length === 0) {
    process.env.VK_ICD_FILENAMES = driver;
    loadVulkan();
  }
  return missing;
};

const missing = useSwiftShader();

/** Are we in continuous integration, where nothing may be skipped? */
export const inCi = process.env.CI === 'true';

/** `describe` for tests that need WebGPU in Node. */
export const describeOnSwiftShader = (title: string, body: () => void): void => {
  if (missing.length === 0 || inCi) describe(title, body);
  else describe.skip(`${title} (missing: ${missing.join(', ')}, of Debian's package chromium)`, body);
};
