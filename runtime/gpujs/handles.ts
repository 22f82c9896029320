/** Device memory behind immutable arrays: counted, and freed when nobody holds it any more. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { DeviceArray, TargetError } from '../target.js';
import type { Device } from './device.js';
import type { NativeResult } from './library.js';
import { isHostMode } from './workarounds.js';

/** A result on a device with a count of its holders: program buffers and arrays in callers' hands. */
export interface Handle {
  readonly native: NativeResult;
  readonly length: number;
  /** Those of the threads that wrote it; flat on the host. */
  readonly extents: readonly number[];
  readonly device: Device;
  readonly retain: () => Handle;
  /** Frees the device memory when the last holder lets go. */
  readonly release: () => void;
}

/** Takes charge of a result; the caller is its first holder. */
export const hold = (device: Device, native: NativeResult, length: number, threads: readonly number[]): Handle => {
  let holders = 1;
  const handle: Handle = {
    native,
    length,
    extents: isHostMode(device.mode) ? [length] : threads,
    device,
    retain: () => {
      holders++;
      return handle;
    },
    release: () => {
      holders--;
      if (holders === 0) device.free(native);
    },
  };
  return handle;
};

/** What a caller's array keeps alive. */
interface Lease {
  readonly handle: Handle;
  /**
   * As many untouched bytes as the device holds for the array. The garbage collector counts them, so it runs before
   * arrays that weigh nothing on the host fill the device.
   */
  readonly weight: ArrayBuffer;
}

const released = new FinalizationRegistry<Handle>((handle) => handle.release());
const leases = new WeakMap<DeviceArray, Lease>();

/** An array for the caller. Its device memory is freed some time after the last reference to it is gone. */
export const leaseArray = (held: Handle, toError: (error: unknown) => TargetError): DeviceArray => {
  const handle = held.retain();
  const lease: Lease = { handle, weight: new ArrayBuffer(isHostMode(handle.device.mode) ? 0 : 4 * handle.length) };
  released.register(lease, handle);
  const array: DeviceArray = {
    length: handle.length,
    // The lease, not the handle: it has to live until the read is over.
    read: TE.tryCatch(() => handle.device.download(lease.handle.native, lease.handle.length), toError),
  };
  leases.set(array, lease);
  return array;
};

/** The handle behind an array that this device gave out. */
export const handleOf = (array: DeviceArray, device: Device): Handle | undefined => {
  const handle = leases.get(array)?.handle;
  return handle?.device === device ? handle : undefined;
};
