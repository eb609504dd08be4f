/** Parts of the kernel that not every kernel is built with and that scenarios cannot do without, by what they are. */
export const kernelFeatures = {
  htb: "the queueing discipline htb (CONFIG_NET_SCH_HTB)",
  esp: "ESP of IPsec (CONFIG_INET_ESP, CONFIG_XFRM_USER)",
} as const satisfies Record<string, string>;

export type KernelFeature = keyof typeof kernelFeatures;
