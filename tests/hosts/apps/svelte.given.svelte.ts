export const given = $state({ plan: "free" });
