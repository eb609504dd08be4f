import { itAgreesWithTheKernel, type HelperCase } from "./helper-agreement.test.js";

const cases: readonly HelperCase[] = [
  {
    name: "bpf_xdp_adjust_head, bpf_xdp_adjust_tail and bpf_xdp_adjust_meta",
    type: "xdp",
    calls: `
      note(bpf_xdp_adjust_head(context, (int)(arg[0] % 600) - 300));
      note(bpf_xdp_adjust_meta(context, (__s8)arg[1]));
      note(bpf_xdp_adjust_tail(context, (int)(arg[2] % 8000) - 4000));
      note(bpf_xdp_adjust_meta(context, -((__s8)arg[3] & 0x3c)));
      note(bpf_xdp_adjust_head(context, (__s8)arg[4]));
      note(bpf_xdp_get_buff_len(context));`,
  },
  {
    name: "bpf_xdp_load_bytes and bpf_xdp_store_bytes",
    type: "xdp",
    calls: `
      __u8 bytes[16] = {};
      note(bpf_xdp_load_bytes(context, arg[0] % 80, bytes, (arg[1] & 15) + 1));
      for (int i = 0; i < 16; i++) note(bytes[i]);
      note(bpf_xdp_store_bytes(context, arg[2] % 80, bytes, (arg[3] & 15) + 1));`,
  },
  {
    name: "bpf_csum_diff",
    type: "xdp",
    calls: `
      note(bpf_csum_diff((__be32 *)arg, 8, (__be32 *)(arg + 2), 16, arg[5]));
      note(bpf_csum_diff(0, 0, (__be32 *)arg, 24, 0));
      note(bpf_csum_diff((__be32 *)arg, 24, 0, 0, arg[3]));
      note(bpf_csum_diff((__be32 *)arg, 4, (__be32 *)arg, 4, 0));
      __be32 zeroes[4] = {};
      note(bpf_csum_diff(zeroes, 8, 0, 0, 0));
      note(bpf_csum_diff(0, 0, zeroes, 8, 0));
      note(bpf_csum_diff(zeroes, 8, zeroes, 8, 0));
      note(bpf_csum_diff(zeroes, 8, 0, 0, 0xffff));
      note(bpf_csum_diff(zeroes, 8, zeroes, 8, 0xffff));`,
  },
  {
    name: "bpf_redirect and bpf_redirect_map",
    type: "xdp",
    maps: `
      struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __type(key, __u32); __type(value, __u32); __uint(max_entries, 4); } dev SEC(".maps");
      struct { __uint(type, BPF_MAP_TYPE_CPUMAP); __type(key, __u32); __type(value, __u32); __uint(max_entries, 4); } cpu SEC(".maps");`,
    calls: `
      note(bpf_redirect(arg[0], arg[1] % 3));
      note(bpf_redirect_map(&dev, arg[2] % 6, arg[3] % 16));
      note(bpf_redirect_map(&cpu, arg[2] % 6, arg[3] % 16));`,
  },
  {
    name: "operations on hashes and arrays",
    type: "xdp",
    maps: ["HASH", "ARRAY", "LPM_TRIE"]
      .map(
        (type) => `
      struct { __uint(type, BPF_MAP_TYPE_${type}); __uint(key_size, ${type === "LPM_TRIE" ? 8 : 4}); __type(value, __u64);
        __uint(max_entries, 6); __uint(map_flags, ${type === "LPM_TRIE" ? "BPF_F_NO_PREALLOC" : "0"}); } m_${type} SEC(".maps");`,
      )
      .join(""),
    calls: `
      __u64 value = arg[5], *found;
      for (int i = 0; i < 5; i++) {
        __u32 key = arg[i] % 9;
        struct { __u32 bits; __u32 address; } prefix = { arg[i] % 35, arg[i] & 0x000f0f0f };
        note(bpf_map_update_elem(&m_HASH, &key, &value, arg[i] / 16 % 4));
        note(bpf_map_update_elem(&m_ARRAY, &key, &value, arg[i] / 16 % 4));
        note(bpf_map_update_elem(&m_LPM_TRIE, &prefix, &value, arg[i] / 16 % 4));
        key = arg[i] / 256 % 9;
        prefix.bits = 32;
        if ((found = bpf_map_lookup_elem(&m_HASH, &key))) note(*found += i);
        if ((found = bpf_map_lookup_elem(&m_ARRAY, &key))) note(*found += i);
        if ((found = bpf_map_lookup_elem(&m_LPM_TRIE, &prefix))) note(*found += i);
        note(bpf_map_delete_elem(&m_ARRAY, &key));
        if (arg[i] % 3 == 0) note(bpf_map_delete_elem(&m_HASH, &key));
        prefix.bits = arg[i] % 35;
        if (arg[i] % 5 == 0) note(bpf_map_delete_elem(&m_LPM_TRIE, &prefix));
      }`,
  },
  {
    name: "ring buffers",
    type: "xdp",
    maps: `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");`,
    calls: `
      note(bpf_ringbuf_output(&ring, arg, 24, arg[0] % 8));
      note(bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE));
      __u64 *record = bpf_ringbuf_reserve(&ring, 8, arg[1] % 2);
      note(!record);
      if (record) { *record = arg[2]; bpf_ringbuf_discard(record, 0); }
`,
  },
  {
    name: "bpf_skb_load_bytes, bpf_skb_load_bytes_relative, bpf_skb_store_bytes and bpf_skb_pull_data",
    type: "sched_cls",
    calls: `
      __u8 bytes[16] = {};
      note(bpf_skb_load_bytes(context, arg[0] % 120, bytes, (arg[1] & 15) + 1));
      for (int i = 0; i < 16; i++) note(bytes[i]);
      note(bpf_skb_load_bytes_relative(context, arg[2] % 120, bytes, 8, arg[3] % 3));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      note(bpf_skb_pull_data(context, arg[4] % 200));
      note(bpf_skb_store_bytes(context, arg[5] % 120, bytes, (arg[1] & 15) + 1, arg[0] % 6));
      note(context->len);`,
  },
  {
    name: "bpf_l3_csum_replace, bpf_l4_csum_replace and bpf_csum_level",
    type: "sched_cls",
    calls: `
      note(bpf_l3_csum_replace(context, arg[0] % 100, arg[1], arg[2], arg[3] % 6));
      note(bpf_l3_csum_replace(context, 24, arg[1], arg[2], 2));
      note(bpf_l4_csum_replace(context, arg[4] % 100, arg[1], arg[2], arg[5] & 0x36));
      note(bpf_l4_csum_replace(context, 40, arg[1], arg[3], 4 | BPF_F_MARK_MANGLED_0));
      note(bpf_l4_csum_replace(context, 50, 0, arg[3], BPF_F_PSEUDO_HDR));
      note(bpf_csum_update(context, arg[0]));
      for (int i = 0; i < 6; i++) note(bpf_csum_level(context, arg[i] % 5));
      note(bpf_skb_adjust_room(context, 8, BPF_ADJ_ROOM_MAC, arg[0] % 2 ? BPF_F_ADJ_ROOM_NO_CSUM_RESET : 0));
      note(bpf_csum_level(context, BPF_CSUM_LEVEL_QUERY));`,
  },
  {
    name: "bpf_skb_change_tail and bpf_skb_change_head",
    type: "sched_cls",
    calls: `
      note(bpf_skb_change_tail(context, arg[0] % 200, arg[1] % 8 == 0));
      note(context->len);
      note(bpf_skb_change_head(context, arg[2] % 100, arg[3] % 8 == 0));
      note(context->len);
      note(bpf_skb_change_tail(context, arg[4] % 20000, 0));
      note(context->data_end - context->data);`,
  },
  {
    name: "bpf_skb_adjust_room, bpf_skb_change_proto and bpf_skb_change_type",
    type: "sched_cls",
    calls: `
      note(bpf_skb_adjust_room(context, (__s8)arg[0], arg[1] % 3, 0));
      note(context->len);
      note(bpf_skb_adjust_room(context, arg[2] % 64, BPF_ADJ_ROOM_MAC, (arg[3] % 8) * 2));
      note(context->protocol);
      note(bpf_skb_change_proto(context, arg[4] % 2 ? bpf_htons(0x0800) : bpf_htons(0x86dd), arg[5] % 4 == 0));
      note(context->protocol);
      note(bpf_skb_change_type(context, arg[5] % 6));
      note(context->pkt_type);`,
  },
  {
    name: "bpf_skb_vlan_push and bpf_skb_vlan_pop",
    type: "sched_cls",
    calls: `
      for (int i = 0; i < 5; i++) {
        if (arg[i] % 2) note(bpf_skb_vlan_push(context, arg[i] % 3 ? bpf_htons(0x88a8) : arg[i], arg[i] >> 8 & 0xffff));
        else note(bpf_skb_vlan_pop(context));
        note(context->vlan_present);
        note(context->vlan_tci);
        note(context->vlan_proto);
        note(context->protocol);
        note(context->len);
      }`,
  },
  {
    name: "bpf_skb_set_tunnel_key and bpf_skb_get_tunnel_key",
    type: "sched_cls",
    calls: `
      struct bpf_tunnel_key key = { .tunnel_id = arg[0], .tunnel_tos = arg[1], .tunnel_ttl = arg[1] >> 8,
        .tunnel_ext = arg[2] % 5 == 0, .tunnel_label = arg[2] % 3 == 0 ? arg[3] & 0xfffff : 0 };
      for (int i = 0; i < 4; i++) { key.remote_ipv6[i] = arg[i]; key.local_ipv6[i] = arg[i + 1]; }
      note(bpf_skb_get_tunnel_key(context, &key, sizeof(key), arg[4] % 2));
      key.remote_ipv4 = arg[2];
      key.tunnel_id = arg[0];
      key.tunnel_label = arg[2] % 3 == 0 ? arg[3] & 0xfffff : 0;
      note(bpf_skb_set_tunnel_key(context, &key, arg[4] % 7 ? sizeof(key) : 28, arg[5] & 0x27));
      note(bpf_skb_get_tunnel_key(context, &key, sizeof(key), arg[5] % 2));
      for (int i = 0; i < sizeof(key); i++) note(((char *)&key)[i]);`,
  },
  {
    name: "bpf_fib_lookup, where nothing is forwarded",
    type: "xdp",
    calls: `
      struct bpf_fib_lookup params = { .family = arg[0] % 3 ? 2 : arg[0] % 11, .ifindex = arg[1] % 2, .tot_len = 100 };
      note(bpf_fib_lookup(context, &params, sizeof(params), arg[2] & 0x47));
      note(bpf_fib_lookup(context, &params, 63, 0));`,
  },
  ...(["xdp", "sched_cls"] as const).map((type) => ({
    name: `bpf_check_mtu (${type})`,
    type,
    calls: `
      __u32 length = arg[0] % 3 ? arg[0] % 65600 : 0;
      note(bpf_check_mtu(context, arg[1] % 5 ? arg[1] % 2 : 12345, &length, arg[2] % 4 ? (int)(arg[2] % 100000) - 30000 : 0, arg[3] % 3));
      note(length);
      length = arg[4];
      note(bpf_check_mtu(context, 0, &length, arg[5], 0));
      note(length);`,
  })),
  ...(["xdp", "sched_cls"] as const).map((type) => ({
    name: `socket lookups (${type})`,
    type,
    calls: `
      struct bpf_sock_tuple tuple = {};
      __builtin_memcpy(&tuple, arg, sizeof(arg));
      struct bpf_sock *sock = bpf_sk_lookup_tcp(context, &tuple, sizeof(tuple.ipv4), arg[0] % 2 ? -1 : arg[1], arg[2] % 4 == 0);
      note(!sock);
      if (sock) bpf_sk_release(sock);
      sock = bpf_sk_lookup_udp(context, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
      note(!sock);
      if (sock) { note(sock->family); bpf_sk_release(sock); }
      sock = bpf_skc_lookup_tcp(context, &tuple, 7, 0, 0);
      note(!sock);
      if (sock) bpf_sk_release(sock);`,
  })),
  {
    name: "sockets that were looked up, and their storage",
    type: "sched_cls",
    maps: `struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64); } beside SEC(".maps");`,
    calls: `
      struct bpf_sock_tuple tuple = {};
      struct bpf_sock *sock = bpf_skc_lookup_tcp(context, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
      note(!sock);
      if (sock) {
        note(bpf_sk_assign(context, sock, 0));
        struct bpf_sock *full = bpf_sk_fullsock(sock);
        if (full) { __u64 *value = bpf_sk_storage_get(&beside, full, 0, 1); if (value) note(++*value); }
        note(!bpf_skc_to_tcp_sock(sock));
        bpf_sk_release(sock);
      }`,
  },
  {
    name: "bpf_skb_set_tstamp",
    type: "sched_cls",
    calls: `
      note(bpf_skb_set_tstamp(context, arg[0] % 3 ? arg[0] : 0, arg[1] % 5));
      note(context->tstamp);
      note(context->tstamp_type);`,
  },
  {
    name: "bpf_probe_read_kernel",
    type: "xdp",
    calls: `
      __u64 there = arg[0], here = 1;
      note(bpf_probe_read_kernel(&here, 8, &there));
      note(here);
      note(bpf_probe_read_kernel(&here, 8, (void *)16));
      note(here);`,
  },
  {
    name: "bpf_skb_ecn_set_ce",
    type: "sched_cls",
    calls: `note(bpf_skb_ecn_set_ce(context));`,
  },
  {
    name: "redirections of skbs",
    type: "sched_cls",
    calls: `
      note(bpf_redirect(arg[0], arg[1] % 4));
      note(bpf_redirect_peer(arg[0], arg[2] % 2));
      note(bpf_redirect_neigh(arg[0], 0, 0, arg[3] % 2));
      note(bpf_clone_redirect(context, 12345, 0));`,
  },
  {
    name: "fields of struct __sk_buff",
    type: "sched_cls",
    calls: `
      note(context->len); note(context->pkt_type); note(context->mark); note(context->queue_mapping);
      note(context->protocol); note(context->vlan_present); note(context->priority); note(context->ingress_ifindex);
      note(context->ifindex); note(context->tc_index); note(context->hash); note(context->tc_classid);
      note(context->cb[0]); note(context->data_end - context->data); note(context->data - context->data_meta);
      note(context->wire_len); note(context->gso_segs); note(context->gso_size); note(context->tstamp);
      context->mark = arg[0]; context->priority = arg[1]; context->cb[3] = arg[2]; context->tc_index = arg[3];
      note(context->mark); note(context->priority); note(context->cb[3]); note(context->tc_index);
      note(*(__u8 *)&context->mark); note(*((__u16 *)&context->cb[3] + 1));`,
  },
  {
    name: "bpf_snprintf and bpf_strncmp",
    type: "xdp",
    calls: `
      char text[160] = {};
      static const char format[] = "%d %u %x %llx %5d|%08x %c %pI4 %pi4 %pI6 %%";
      __u64 values[] = { arg[0], arg[1], arg[2], (__u64)arg[3] << 32 | arg[4], (__u16)arg[5], arg[0], 65,
        (__u64)&arg[0], (__u64)&arg[1], (__u64)&arg[0] };
      note(bpf_snprintf(text, sizeof(text), format, values, sizeof(values)));
      for (int i = 0; i < 160; i++) note(text[i]);
      static const char other[] = "1234567";
      note(bpf_strncmp(text, 8, other) > 0);`,
  },
  {
    name: "bpf_loop and bpf_for_each_map_elem",
    type: "xdp",
    maps: `
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 5); } list SEC(".maps");
      static long each(void *map, __u32 *key, __u64 *value, __u64 *sum) { *sum += *key + (*value)++; return *sum > 40; }
      static long turn(__u32 index, __u64 *sum) { *sum += index; return *sum > 500; }`,
    calls: `
      __u64 sum = 0;
      note(bpf_loop(arg[0] % 60, turn, &sum, 0));
      note(sum);
      sum = arg[1] % 40;
      note(bpf_for_each_map_elem(&list, each, &sum, 0));
      note(sum);`,
  },
  ...(["sched_cls", "cgroup_skb"] as const).map((type) => ({
    name: `the socket of a packet, as ${type}`,
    type,
    maps: `
      struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64); } beside SEC(".maps");`,
    calls: `
      struct bpf_sock *socket = context->sk;
      note(!!socket);
      note(bpf_get_socket_uid(context));
      note(!!bpf_get_socket_cookie(context));
      note(bpf_skb_cgroup_id(context));
      note(bpf_skb_ancestor_cgroup_id(context, 0));
      if (socket) {
        note(socket->family); note(socket->src_ip4); note(socket->src_ip6[0]); note(socket->src_ip6[3]);
        note(socket->dst_ip4); note(socket->dst_ip6[2]); note(socket->src_port); note(socket->dst_port);
        note(socket->state);
        socket = bpf_sk_fullsock(socket);
      }
      if (socket) {
        note(socket->type); note(socket->protocol); note(socket->mark); note(socket->priority);
        note(socket->rx_queue_mapping);
        note(!!bpf_tcp_sock(socket)); note(!!bpf_get_listener_sock(socket));
        __u64 *value = bpf_sk_storage_get(&beside, socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
        if (value) note(*value += arg[0]);
        if (arg[1] & 1) note(bpf_sk_storage_delete(&beside, socket));
        value = bpf_sk_storage_get(&beside, socket, 0, 0);
        note(value ? *value : 0);
      }`,
  })),
  {
    name: "tunnel options, IPsec states and route realms",
    type: "sched_cls",
    calls: `
      struct bpf_tunnel_key key = { .tunnel_id = arg[0], .remote_ipv4 = arg[1] };
      __u8 options[64] = {};
      note(bpf_skb_set_tunnel_opt(context, arg, 8));
      if (arg[2] % 4) note(bpf_skb_set_tunnel_key(context, &key, sizeof(key), 0));
      note(bpf_skb_set_tunnel_opt(context, arg, (arg[3] & 15) + 1));
      note(bpf_skb_get_tunnel_opt(context, options, (arg[4] & 31) + 1));
      for (int i = 0; i < 64; i++) note(options[i]);
      struct bpf_xfrm_state state;
      note(bpf_skb_get_xfrm_state(context, arg[5] % 2, &state, sizeof(state), 0));
      note(state.reqid);
      note(bpf_get_route_realm(context));`,
  },
  {
    name: "SYN cookies without a socket",
    type: "xdp",
    calls: `
      struct { __u8 ip[40]; __u8 tcp[60]; } *headers, made = {};
      __builtin_memcpy(made.ip, arg, 24);
      __builtin_memcpy(made.tcp, arg, 24);
      made.tcp[12] = (arg[0] % 12 + 4) << 4;
      long cookie = bpf_tcp_raw_gen_syncookie_ipv4((void *)made.ip, (void *)made.tcp, arg[1] % 5 ? made.tcp[12] >> 2 & 63 : 24);
      note(cookie < 0 ? cookie : 0);
      note(bpf_tcp_raw_check_syncookie_ipv4((void *)made.ip, (void *)made.tcp));
      /* What answers the cookie is let through. */
      __be32 *sequence = (void *)(made.tcp + 4), *acknowledgement = (void *)(made.tcp + 8);
      *acknowledgement = bpf_htonl(cookie + 1);
      *sequence = bpf_htonl(bpf_ntohl(*sequence) + 1);
      if (cookie >= 0) note(bpf_tcp_raw_check_syncookie_ipv4((void *)made.ip, (void *)made.tcp));
      *sequence = bpf_htonl(bpf_ntohl(*sequence) - 1);
      cookie = bpf_tcp_raw_gen_syncookie_ipv6((void *)made.ip, (void *)made.tcp, made.tcp[12] >> 2 & 63);
      note(cookie < 0 ? cookie : 0);
      *acknowledgement = bpf_htonl(cookie + 1);
      *sequence = bpf_htonl(bpf_ntohl(*sequence) + 1);
      if (cookie >= 0) note(bpf_tcp_raw_check_syncookie_ipv6((void *)made.ip, (void *)made.tcp));`,
  },
  {
    name: "bpf_probe_read_kernel_str and bpf_probe_read_user",
    type: "xdp",
    calls: `
      char from[16] = "a text", to[16] = {};
      from[arg[0] % 16] = 0;
      note(bpf_probe_read_kernel_str(to, arg[1] % 16 + 1, from));
      for (int i = 0; i < 16; i++) note(to[i]);
      note(bpf_probe_read_kernel_str(to, 8, (void *)16));
      note(bpf_probe_read_user(to, 8, (void *)16));
      note(bpf_probe_read_user_str(to, 8, (void *)16));
      for (int i = 0; i < 16; i++) note(to[i]);`,
  },
  {
    name: "storage of a cgroup, and bpf_skb_ecn_set_ce",
    type: "cgroup_skb",
    maps: `
      struct { __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE); __type(key, struct bpf_cgroup_storage_key); __type(value, __u64); } one SEC(".maps");
      struct { __uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE); __type(key, __u64); __type(value, __u32[3]); } each SEC(".maps");`,
    calls: `
      __u64 *first = bpf_get_local_storage(&one, 0);
      __u32 *second = bpf_get_local_storage(&each, 0);
      note(*first); note(second[0]); note(second[2]);
      *first += arg[0]; second[2] += arg[1];
      first = bpf_get_local_storage(&one, 0);
      note(*first); note(second[2]);
      note(bpf_skb_ecn_set_ce(context));`,
  },
];

describe("helpers, simulated and in the kernel", () => itAgreesWithTheKernel(cases));
