/** `bpf_tail_call`, which engines do themselves: it ends the function that calls it. */
export const tailCallHelper = 12;

/** What a program returns whose legacy load lies outside the packet. */
export const loadPacketOutside = 0;
