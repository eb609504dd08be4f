/**
 * Puts a VLAN tag back where it was on the wire, after the two addresses: the kernel takes the outermost tag out
 * of a received frame and hands it over beside the frame.
 */
export function restoreVlanTag(frame: Uint8Array, tpid: number, tci: number): Uint8Array<ArrayBuffer> {
  const addressesBytes = 12;
  const tagged = new Uint8Array(frame.length + 4);
  tagged.set(frame.subarray(0, addressesBytes));
  const view = new DataView(tagged.buffer);
  view.setUint16(addressesBytes, tpid);
  view.setUint16(addressesBytes + 2, tci);
  tagged.set(frame.subarray(addressesBytes), addressesBytes + 4);
  return tagged;
}
