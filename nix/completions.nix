# The lines that install octractl's completions, which it writes itself.
''
  installShellCompletion --cmd octractl \
    --bash <($out/bin/octractl completion bash) \
    --fish <($out/bin/octractl completion fish) \
    --zsh <($out/bin/octractl completion zsh)
''
