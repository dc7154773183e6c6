"""Record batches from Kafka, the order of effects, checkpoints: what every stage and sink runs on."""
