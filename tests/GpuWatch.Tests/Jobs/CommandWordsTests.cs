using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Jobs;

public sealed class CommandWordsTests
{
    [Theory]
    [InlineData("python3 -m vllm.entrypoints.openai.api_server --model meta-llama/Llama-2-7b --enable-lora", Trade.Serving)]
    [InlineData("/opt/venv/bin/vllm serve Qwen/Qwen2.5-7B-Instruct --port 8000", Trade.Serving)]
    [InlineData("VLLM::EngineCore", Trade.Serving)]
    [InlineData("python -m sglang.launch_server --model-path /data/trainer/llama", Trade.Serving)]
    [InlineData("text-generation-launcher --model-id gpt2", Trade.Serving)]
    [InlineData("tritonserver --model-repository=/models/train", Trade.Serving)]
    [InlineData("uvicorn app:app --host 0.0.0.0", Trade.Serving)]
    [InlineData("torchrun --nproc_per_node 8 inference.py", Trade.Serving)]
    [InlineData("llamafactory-cli api lora.yaml", Trade.Serving)]
    [InlineData("python lm_eval --model hf", Trade.Serving)]
    [InlineData("torchrun --standalone train.py --eval_steps 100 --do_eval", Trade.Training)]
    [InlineData("torchrun --nproc_per_node=8 main.py", Trade.Training)]
    [InlineData("accelerate launch --config_file zero3.yaml run.py --model chat-7b", Trade.Training)]
    [InlineData("/usr/bin/python3 run_clm.py --do_train --model_name_or_path meta-llama/Llama-2-7b-chat-hf", Trade.Training)]
    [InlineData("python main.py --num_train_epochs 3", Trade.Training)]
    [InlineData("deepspeed --num_gpus 8 pretrain_gpt.py", Trade.Training)]
    [InlineData("tune run full_finetune_single_device --config c.yaml", Trade.Training)]
    [InlineData("axolotl train config.yml", Trade.Training)]
    [InlineData("llamafactory-cli train llama3_lora_sft.yaml", Trade.Adapting)]
    [InlineData("python sft.py --use_peft --model x", Trade.Adapting)]
    [InlineData("tune run lora_finetune_single_device", Trade.Adapting)]
    [InlineData("python main.py --model serve", Trade.Unknown)]
    [InlineData("/home/ann/trainer/bin/python -m ipykernel_launcher -f k.json", Trade.Unknown)]
    [InlineData("./a.out", Trade.Unknown)]
    [InlineData("--", Trade.Unknown)]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    public void A_command_line_says_what_a_process_is_there_for(string? commandLine, Trade? trade) => Assert.Equal(trade, CommandWords.Of(commandLine));
}
