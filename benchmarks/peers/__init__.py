"""Other systems that do the job of the benchmark, each as its own documentation recommends. See README.md."""
